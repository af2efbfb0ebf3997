import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  mkdirSync,
  readdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pawl, root, runCommand, type Ended } from '../../pawl/test/support/command.ts';

const programs = join(import.meta.dirname, 'programs');
const greet = join(programs, 'greet.ts');
const broken = join(programs, 'broken.ts');
const bin = join(import.meta.dirname, '../bin/corofy.js');
const NODE = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];

const corofy = (...args: string[]): Promise<Ended> => runCommand(process.execPath, [bin, ...args], { cwd: root });

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'corofy-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('pawl run compiles what it runs', async () => {
  const { code, stdout, stderr } = await pawl(['run', greet, 'moon']);
  assert.equal(stderr, '');
  assert.deepEqual([code, stdout], [3, 'hello, moon\ndone\n']);
});

test('the stack of an error leads through compiled coroutines to the original lines and columns', async () => {
  const { code, stdout, stderr } = await pawl(['run', greet, '']);
  assert.deepEqual([code, stdout], [1, 'done\n']);
  assert.match(stderr, /nobody is there/);
  assert.match(stderr, /at greet \(.*greet\.ts:5:26\)/);
  assert.match(stderr, /at anonymous coroutine \(.*greet\.ts:11:17\)/);
});

test('the programs of the README print what the README says', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const programs = [...page.matchAll(/```ts\n(.*?)```.*?```text\n(.*?)```/gs)];
  assert.equal(programs.length, 2);
  for (const [, program, output] of programs) {
    const path = join(folder(t), 'program.ts');
    writeFileSync(path, program ?? '');
    const { code, stdout, stderr } = await pawl(['run', path]);
    assert.deepEqual([code, stdout, stderr], [0, output, '']);
  }
});

test('corofy/register compiles what is imported', async () => {
  const main = `import main from ${JSON.stringify(greet)}; import { run } from 'pawl'; console.log(await run(() => main('sun')));`;
  const { code, stdout } = await runCommand(
    process.execPath,
    [...NODE, '--import', 'corofy/register', '--input-type=module', '-e', main],
    { cwd: root },
  );
  assert.deepEqual([code, stdout], [0, 'hello, sun\ndone\n3\n']);
});

test('what was compiled is kept in the node_modules of its own project, and nowhere where there is none', async (t) => {
  const project = folder(t);
  const elsewhere = folder(t);
  const source = join(project, 'src', 'three.ts');
  mkdirSync(join(project, 'src'));
  writeFileSync(
    source,
    `import { coroutine } from '${import.meta.resolve('pawl')}'; export default coroutine(async () => 3);\n`,
  );
  const node = [...NODE, '--import', import.meta.resolve('corofy/register'), source];
  const run = (): Promise<{ code: number | null; stderr: string }> =>
    runCommand(process.execPath, node, { cwd: elsewhere });
  const { code, stderr } = await run();
  assert.equal(code, 0, stderr);
  assert.deepEqual([readdirSync(elsewhere), readdirSync(project)], [[], ['src']]);
  mkdirSync(join(project, 'node_modules'));
  assert.equal((await run()).code, 0);
  assert.deepEqual(readdirSync(elsewhere), []);
  assert.equal(readdirSync(join(project, 'node_modules', '.cache', 'corofy')).length, 1);
});

test('what cannot be compiled is thrown where it is imported, with its place', async () => {
  const { code, stderr } = await pawl(['run', broken]);
  assert.equal(code, 1);
  assert.match(stderr, /broken\.ts:4:38: error DIRECT_EVAL/);
});

test('a file is compiled to standard output or to another, which runs', async (t) => {
  const out = join(folder(t), 'out', 'greet.ts');
  const printed = await corofy(greet);
  assert.equal(printed.code, 0);
  assert.match(printed.stdout, /\$PENDING/);
  assert.deepEqual([(await corofy(greet, '-o', out)).code], [0]);
  assert.equal(JSON.parse(readFileSync(`${out}.map`, 'utf8')).version, 3);
  const { code, stdout } = await pawl(['run', out, 'mars']);
  assert.deepEqual([code, stdout], [3, 'hello, mars\ndone\n']);
});

test('a folder is compiled into another; a source with an error makes the command fail', async (t) => {
  const [from, to] = [join(folder(t), 'src'), join(folder(t), 'out')];
  mkdirSync(join(from, 'inner'), { recursive: true });
  writeFileSync(join(from, 'inner', 'a.ts'), readFileSync(greet));
  writeFileSync(join(from, 'b.js'), 'export const plain = 1;\n');
  assert.equal((await corofy(from, '-d', to)).code, 0);
  assert.equal(readFileSync(join(to, 'b.js'), 'utf8'), 'export const plain = 1;\n');
  assert.match(readFileSync(join(to, 'inner', 'a.ts'), 'utf8'), /pawl\/compiled/);
  writeFileSync(join(from, 'c.ts'), readFileSync(broken));
  const { code, stderr } = await corofy(from, '-d', to);
  assert.equal(code, 1);
  assert.match(stderr, /c\.ts:4:38: error DIRECT_EVAL/);
});

test('no output replaces a source, under whatever name', async (t) => {
  const from = folder(t);
  const [file, link] = [join(from, 'a.ts'), join(folder(t), 'link')];
  writeFileSync(file, readFileSync(greet));
  symlinkSync(from, link);
  for (const args of [
    [file, '-o', file],
    [file, '-o', join(link, 'a.ts')],
    ['--teach', file, '-o', file],
    [from, '-d', from],
    [from, '-d', link, '--watch'],
  ]) {
    const { code, stderr } = await corofy(...args);
    assert.deepEqual([code, /^corofy: .* would replace the source\n/.test(stderr)], [2, true], args.join(' '));
  }
  assert.equal(readFileSync(file, 'utf8'), readFileSync(greet, 'utf8'));
});

test('what was written below the sources is no source, and a link that leads nowhere is none', async (t) => {
  const from = folder(t);
  writeFileSync(join(from, 'a.ts'), readFileSync(greet));
  symlinkSync(join(from, 'nowhere.ts'), join(from, 'dangling.ts'));
  for (let at = 0; at < 2; at++) assert.equal((await corofy(from, '-d', join(from, 'out'))).code, 0);
  assert.deepEqual(
    ['a.ts', 'out', 'dangling.ts'].map((name) => existsSync(join(from, 'out', name))),
    [true, false, false],
  );
});

test('what cannot be read or written is said in a line', async (t) => {
  const inner = folder(t);
  const path = join(folder(t), 'latin.ts');
  writeFileSync(join(inner, 'a.ts'), readFileSync(greet));
  writeFileSync(path, Buffer.from(`import { coroutine } from 'pawl';\ncoroutine(async () => 'caf\xe9');\n`, 'latin1'));
  for (const [args, said] of [
    [[path], /^corofy: .*latin\.ts is not UTF-8 text: .*\n$/],
    [['--teach', path], /^corofy: .*latin\.ts is not UTF-8 text: .*\n$/],
    [[greet, '-o', programs], /^corofy: EISDIR: .*\n$/],
    [[inner, '-d', join(greet, 'out')], /^corofy: ENOTDIR: .*\n$/],
  ] as const) {
    const { code, stdout, stderr } = await corofy(...args);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, said);
  }
});

test('--watch compiles what changes, until it is stopped', { timeout: 30_000 }, async (t) => {
  const [from, to] = [join(folder(t), 'src'), join(folder(t), 'out')];
  mkdirSync(from);
  writeFileSync(join(from, 'a.ts'), 'export const one = 1;\n');
  const child = (await import('node:child_process')).spawn(process.execPath, [bin, '--watch', from, '-d', to], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill());
  let said = '';
  for await (const text of child.stderr.setEncoding('utf8')) {
    said += text as string;
    if (said.includes('watching') && !said.includes('compiled')) writeFileSync(join(from, 'a.ts'), readFileSync(greet));
    if (said.includes('\ncompiled: ')) break;
  }
  assert.match(readFileSync(join(to, 'a.ts'), 'utf8'), /pawl\/compiled/);
});

test('check counts, and fails on errors; strict fails on warnings, too', async (t) => {
  assert.deepEqual((await corofy('check', greet)).stdout, '2 coroutines in 1 file\n');
  assert.equal((await corofy('check', programs)).code, 1);
  const path = join(folder(t), 'warned.ts');
  writeFileSync(path, `import { coroutine } from 'pawl';\ncoroutine(async () => { await (async () => 1)(); });\n`);
  const lax = await corofy('check', path);
  assert.deepEqual([lax.code, /warning UNMARKED_ASYNC/.test(lax.stderr)], [0, true]);
  assert.equal((await corofy('check', '--strict', path)).code, 1);
});

test('--teach makes a program of the teaching syntax, and says where that is not what was meant', async (t) => {
  const [from, to] = [join(folder(t), 'nap.ts'), join(folder(t), 'out', 'nap.ts')];
  writeFileSync(
    from,
    `import { sleep } from 'pawl';\nexport default coroutine function nap() {\n  sleep(1).wait;\n  return 5;\n}\n`,
  );
  const { code, stdout, stderr } = await corofy('--teach', from);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /case 'Wait1': \{/);
  assert.equal((await corofy('--teach', from, '-o', to)).code, 0);
  assert.equal(readFileSync(to, 'utf8'), stdout);
  const ran = await pawl(['run', to]);
  assert.equal(ran.code, 5, ran.stderr);
  writeFileSync(from, 'get().wait;\n');
  const wrong = await corofy('--teach', from, '-o', join(folder(t), 'none.ts'));
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /nap\.ts:1:6: error WAIT_OUTSIDE: .*\n\n> 1 \| get\(\)\.wait;\n/);
});

test('generator coroutines are compiled by the command and by corofy/register when that is asked for', async (t) => {
  const path = join(folder(t), 'generator.ts');
  writeFileSync(
    path,
    `import { coroutine, run, sleep } from 'pawl';\nconst nap = coroutine(function* nap() { yield* sleep(1); throw new Error('awake'); });\nawait run(() => nap()).catch((error) => console.log(error.stack));\n`,
  );
  assert.equal((await corofy('check', path)).stdout, '0 coroutines in 1 file\n');
  assert.equal((await corofy('check', '--generators', path)).stdout, '1 coroutine in 1 file\n');
  assert.match((await corofy('explain', '--generators', path)).stdout, /case 1: \/\/ line 2: after the yield\*/);
  const program = join(root, 'tmp', `generator-${process.pid}.ts`);
  mkdirSync(join(root, 'tmp'), { recursive: true });
  writeFileSync(program, readFileSync(path));
  t.after(() => rmSync(program));
  for (const COROFY_GENERATORS of [undefined, '1']) {
    const { code, stdout } = await runCommand(process.execPath, [...NODE, '--import', 'corofy/register', program], {
      cwd: root,
      env: { COROFY_GENERATORS },
    });
    assert.equal(code, 0);
    assert.match(stdout, /Error: awake\n {4}at (?:Object\.)?nap .*generator-\d+\.ts:2:\d+/);
  }
});

test('explain prints the source beside its states', async () => {
  const { code, stdout } = await corofy('explain', greet);
  assert.equal(code, 0);
  assert.match(stdout, /^greet, lines 3 to 7: 2 states, its variables in a closure\n/m);
  assert.match(stdout, /^ +4 {4}await sleep\(1\); +│ +\S/m);
  assert.match(stdout, /case 1: \/\/ line 4: after the await/);
});

test('a wrong command line is told so, and ends with 2', async () => {
  for (const args of [
    [],
    ['no-such-file.ts'],
    ['--nonsense'],
    [programs],
    [greet, 'more'],
    ['explain'],
    ['explain', programs],
    ['explain', 'no-such-file.ts'],
    ['explain', greet, '-o', 'out.ts'],
    ['check', greet, '-d', 'out'],
    [programs, '-d', 'out', '-o', 'out.ts'],
    [greet, '--back-end', 'x'],
    ['--teach'],
    ['--teach', programs],
    ['--teach', greet, 'more'],
  ]) {
    const { code, stderr } = await corofy(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, /^corofy: .*\n\ncorofy compiles/);
  }
});
