/** The ladder: every rung prints what its page shows, and the pages quote what is there. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import { PawlError } from 'pawl';
import { runCommand } from '../../packages/pawl/test/support/command.ts';
import { checked, fault } from './check.ts';
import { firstDifference, normalForm } from './normal-form.ts';
import { fill, pageOf, quotations, regionOf } from './page.ts';
import { runRung } from './run-rung.ts';
import { chosen, findRungs, root } from './rungs.ts';

const rungs = findRungs();
const chapters = [...new Set(rungs.map(({ chapter }) => chapter))];
const pageText = (chapter: number): string => readFileSync(join(root, pageOf(chapter)), 'utf8');

describe('each rung prints what its page shows, at a tenth of its delays', { concurrency: 2 }, () => {
  for (const rung of rungs) {
    test(`${rung.id}: ${rung.shows}`, async (t) => {
      const { unshown, fault: wrong } = await checked(rung);
      if (unshown !== undefined) t.skip(unshown);
      assert.equal(wrong, undefined);
    });
  }
});

describe('each page', () => {
  for (const chapter of chapters) {
    const quoted = quotations(pageText(chapter));
    test(`${pageOf(chapter)} quotes code as it is`, () => {
      const code = quoted.filter((quotation) => quotation.kind === 'code');
      assert.ok(code.length > 0);
      for (const { file, region, text } of code) assert.equal(text, regionOf(file, region), `${file}#${region}`);
    });

    test(`${pageOf(chapter)} shows each rung of its chapter once, and no other`, () => {
      const ids = quoted.flatMap((quotation) => (quotation.kind === 'output' ? [quotation.id] : []));
      assert.deepEqual(
        ids.sort(),
        rungs.filter((rung) => rung.chapter === chapter).map(({ id }) => id),
      );
    });

    test(`${pageOf(chapter)} says what a real runtime does differently, and where`, () => {
      const [, ending = ''] = pageText(chapter).split('## What a real runtime does differently');
      assert.match(ending, /packages\/pawl\/src\/[\w/-]+\.ts\)/);
    });
  }

  test('is in the contents', () => {
    const contents = readFileSync(join(root, 'docs/ladder/README.md'), 'utf8');
    for (const chapter of chapters) assert.ok(contents.includes(`(${pageOf(chapter).slice('docs/ladder/'.length)})`));
    for (const { id } of rungs) assert.match(contents, new RegExp(`\\b${id}\\b`), id);
  });
});

describe('the rungs', () => {
  const refused = (name: string, words: RegExp) => () =>
    assert.throws(
      () => chosen(name),
      (error) => error instanceof PawlError && words.test(error.message),
    );
  test('one is chosen by its name, a chapter by its number', () => {
    assert.deepEqual(
      chosen('4b').map(({ id }) => id),
      ['4b'],
    );
    assert.deepEqual(
      chosen('4').map(({ id }) => id),
      ['4a', '4b', '4c'],
    );
    assert.equal(chosen('all').length, rungs.length);
  });
  test('an unknown one is refused with those of its chapter', refused('4z', /no rung "4z": near are 4a, 4b, 4c$/));
  test('one of an unknown chapter with those of its letter', refused('99b', /no rung "99b": near are .*4b/));
  test('a word with those that are named by it', refused('Reactor', /no rung "Reactor": near are 8b, 10d$/));
  test('what is no rung at all with all of them', refused('zebra', /no rung "zebra": near are 1, 2a, .*4a, 4b/));
});

describe('the command', () => {
  const ladder = (...args: string[]) =>
    runCommand(
      process.execPath,
      [
        '--conditions=pawl-source',
        '--disable-warning=ExperimentalWarning',
        join(root, 'examples/ladder/main.ts'),
        ...args,
      ],
      { cwd: root },
    );
  test('lists the rungs, one a line', async () => {
    const { code, stdout } = await ladder();
    assert.equal(code, 0);
    for (const { id, shows } of rungs) assert.ok(stdout.includes(`  ${id.padEnd(3)} ${shows}\n`));
  });
  test('runs one', async () => {
    const { code, stdout } = await ladder('4c');
    assert.equal(code, 0);
    assert.match(stdout, /^level:/);
  });
  test('refuses a second one, instead of leaving it out', async () => {
    const { code, stdout, stderr } = await ladder('4c', '4b');
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, /^ladder: the ladder takes one rung/);
  });
  test('refuses an unknown one with 1', async () => {
    const { code, stdout, stderr } = await ladder('4z');
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(stderr, /^ladder: there is no rung "4z": near are 4a/);
  });
});

describe('a run', () => {
  const rung = rungs.find(({ id }) => id === '4c') ?? assert.fail();
  const shown = quotations(pageText(4)).find((quoted) => quoted.kind === 'output' && quoted.id === '4c')?.text ?? '';
  test('is found good when it prints what the page shows', () => {
    assert.equal(fault(rung, { stdout: shown, stderr: '', how: 0 }), undefined);
  });
  test('is found faulty when it prints something else, says something on the side, or fails', () => {
    assert.match(fault(rung, { stdout: shown.replace('level', 'lever'), stderr: '', how: 0 }) ?? '', /line 1/);
    assert.match(fault(rung, { stdout: `${shown}more\n`, stderr: '', how: 0 }) ?? '', /line \d+ is "more"/);
    assert.match(fault(rung, { stdout: shown, stderr: 'careful', how: 0 }) ?? '', /careful/);
    assert.match(fault(rung, { stdout: shown, stderr: '', how: 'SIGSEGV' }) ?? '', /SIGSEGV/);
    assert.match(fault({ ...rung, id: '4d' }, { stdout: shown, stderr: '', how: 0 }) ?? '', /does not show/);
  });
});

describe('a rung', () => {
  const folder = temporary();
  const runCode = (code: string, pace = 1) => {
    const path = join(folder, `99-${randomUUID()}.ts`);
    writeFileSync(path, code);
    return runRung({ id: '99', chapter: 99, file: relative(root, path), shows: 'a test' }, { pace });
  };

  test('that cannot be shown says why', async () => {
    const ran = await runCode(`import { cannotShow } from '${join(root, 'examples/ladder/unshown.ts')}';
      cannotShow('no such processor');`);
    assert.equal(ran.unshown, 'cannot be shown here: no such processor');
  });
  test('that is ended by a signal takes nobody with it', async () => {
    const { how, unshown } = await runCode(`process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);
    assert.deepEqual({ how, unshown }, { how: 'SIGKILL', unshown: undefined });
  });
  test('has delays of the length that it is told', async () => {
    const code = `import { paced } from '${join(root, 'examples/ladder/pace.ts')}'; console.log(paced(1000));`;
    assert.equal((await runCode(code, 0.25)).stdout, '250\n');
    const refused = await runCode(code, -1);
    assert.equal(refused.how, 1);
    assert.match(refused.stderr, /LADDER_PACE must be a number above 0/);
  });
});

describe('the normal form', () => {
  test('keeps what is said, and no time, address, port or measured figure', () => {
    assert.equal(normalForm('12 ms, 0.5 s and 10µs at 0x7f3a'), '# ms, # s and #µs at 0x#');
    assert.equal(normalForm('http://127.0.0.1:4321/5 ≈ 1,234.5 bytes of 7'), 'http://127.0.0.1:#/5 ≈ # bytes of 7');
    assert.equal(normalForm('  a   b \n'), '  a b\n');
    assert.equal(normalForm('a\nb\nb\nb\na\n'), 'a\nb\na\n');
  });
  test('tells the first line that differs', () => {
    assert.equal(firstDifference('a\n1 ms\n', 'a\n2 ms\n'), undefined);
    assert.match(firstDifference('a\nb\n', 'a\nc\n') ?? '', /line 2 is "b", the page has "c"/);
    assert.match(firstDifference('a', 'a\nb') ?? '', /"not there"/);
  });
});

describe('a quotation', () => {
  test('is what its fence says, and anything else on a fence is refused', () => {
    const page = 'Text\n```ts a/b.ts#c\nx\n```\n```text run=1\ny\n```\n```ts\nno quotation\n```\n';
    assert.deepEqual(quotations(page), [
      { kind: 'code', file: 'a/b.ts', region: 'c', text: 'x\n' },
      { kind: 'output', id: '1', text: 'y\n' },
    ]);
    assert.equal(
      fill(page, (quoted) => (quoted.kind === 'code' ? '$&\n' : undefined)),
      page.replace('\nx\n', () => '\n$&\n'),
    );
    assert.throws(() => quotations('```ts a/b.ts\n```\n'), /a page quotes by/);
  });
  const folder = temporary();
  const file = join(folder, 'quoted.ts');
  const marked = '// #region outer\n  one\n\n    // #region inner\n    two\n    // #endregion\nthree\n// #endregion\n';
  const plain = '\nbefore\n  the middle\nafter\n\n// #region open';
  writeFileSync(file, marked + plain);
  const of = (region: string): string => regionOf(relative(root, file), region);

  test('of a region is its lines, without marks and common indentation', () => {
    assert.equal(of('outer'), '  one\n\n    two\nthree\n');
    assert.equal(of('inner'), 'two\n');
  });
  test('of a region that is not there, or not closed, is refused', () => {
    assert.throws(() => of('nowhere'), /has no "\/\/ #region nowhere"/);
    assert.throws(() => of('open'), /not closed/);
  });
  test('of a paragraph is the lines between two empty ones', () => {
    assert.equal(of('~middle'), 'before\n  the middle\nafter\n');
    assert.throws(() => of('~nowhere'), /has no line with "nowhere"/);
  });
});

test('each chapter that is there has a page, and its page a chapter before or after it', () => {
  for (const chapter of chapters) assert.ok(existsSync(join(root, pageOf(chapter))));
});

/** A folder inside the project, so that `import 'pawl'` finds the workspace's package. */
function temporary(): string {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, 'tmp', 'ladder-'));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}
