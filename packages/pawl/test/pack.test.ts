/** The packed tarball, installed without a network in an empty folder, runs programs and type-checks as its consumers do. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root, runCommand, type Ended } from './support/command.ts';

// Outside of the workspace, so that nothing of it is found by accident.
const folder = mkdtempSync(join(tmpdir(), 'pawl-pack-'));
after(() => rmSync(folder, { recursive: true }));

// npm hands its own settings (the workspace's prefix among them) to the scripts it runs.
const env = Object.fromEntries(
  Object.keys(process.env)
    .filter((key) => /^npm_/i.test(key))
    .map((key) => [key, undefined]),
);

const PROGRAM = `
import { coroutine, join, sleep } from 'pawl';
import { TcpListener, TcpStream } from 'pawl/net';
import { spawnBlocking, spawnOn, withThreads } from 'pawl/threads';

export default coroutine(function* main(word: string) {
  using listener = yield* TcpListener.bind(0);
  const [server, client] = yield* join([listener.accept(), TcpStream.connect(listener.localAddress)]);
  using _server = server;
  using _client = client;
  yield* sleep(1);
  yield* client.writeAll(new TextEncoder().encode(word));
  const buffer = new Uint8Array(64);
  const count = yield* server.read(buffer);
  console.log(new TextDecoder().decode(buffer.subarray(0, count)));
  const joined = yield* spawnBlocking((a: string, b: string) => a + b, 'th', 'reads');
  const base = yield* withThreads({ count: 1 }, ([thread]) => spawnOn(thread!, 'node:path', 'basename', ['/a/b']));
  if (joined !== 'threads' || base !== 'b') throw new Error(\`threads gave \${joined} and \${String(base)}\`);
  return 7;
});
`;

let packed: string[] = [];

type Exports = Record<string, string | Record<string, string>>;
const readExports = (): Exports =>
  (JSON.parse(readFileSync(join(folder, 'node_modules/pawl/package.json'), 'utf8')) as { exports: Exports }).exports;

async function succeed(what: Promise<Ended>): Promise<Ended> {
  const ended = await what;
  assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`);
  return ended;
}

describe('the packed tarball', () => {
  before(async () => {
    const args = ['pack', '--json', '--workspace', 'pawl', '--pack-destination', folder];
    const { stdout } = await succeed(runCommand('npm', args, { cwd: root, env }));
    // The build may print before npm does.
    const listing = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as unknown;
    const [pack] = (Array.isArray(listing) ? listing : Object.values(listing as object)) as [
      { filename: string; files: { path: string }[] },
    ];
    packed = pack.files.map(({ path }) => path);
    writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
    const install = ['install', '--offline', '--no-audit', '--no-fund', `./${basename(pack.filename)}`];
    await succeed(runCommand('npm', install, { cwd: folder, env }));
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
  });

  test('holds the command, the build, the sources, the licence and no tests', () => {
    for (const path of [
      'bin/pawl.js',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'src/index.ts',
      'LICENSE',
      'README.md',
    ]) {
      assert.ok(packed.includes(path), `${path} is missing`);
    }
    assert.deepEqual(
      packed.filter((path) => /\.test\.|(?:^|\/)test\//.test(path)),
      [],
    );
  });

  test('has every file that its exports name', () => {
    const named = Object.values(readExports()).flatMap((target) =>
      typeof target === 'string' ? target : Object.values(target),
    );
    for (const path of named) assert.ok(packed.includes(path.replace(/^\.\//, '')), `${path} is missing`);
  });

  test('runs a program that node imports', async () => {
    const main =
      "import { run } from 'pawl';\nimport main from './program.ts';\nconsole.log(await run(main('plain')));\n";
    writeFileSync(join(folder, 'main.mjs'), main);
    const { stdout } = await succeed(
      runCommand(process.execPath, ['--disable-warning=ExperimentalWarning', 'main.mjs'], { cwd: folder }),
    );
    assert.equal(stdout, 'plain\n7\n');
  });

  test('runs a program through its command', async () => {
    const args = ['node_modules/.bin/pawl', 'run', 'program.ts', 'installed'];
    const { code, stdout, stderr } = await runCommand(process.execPath, args, { cwd: folder });
    assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: 'installed\n', stderr: '' });
  });

  test('type-checks for a consumer that checks declarations too', async () => {
    const compilerOptions = {
      target: 'esnext',
      module: 'nodenext',
      lib: ['esnext'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const modules = Object.keys(readExports()).filter((path) => !path.endsWith('.json'));
    const all = modules.map((path, index) => `export type * as m${index} from 'pawl${path.slice(1)}';\n`);
    writeFileSync(join(folder, 'all.ts'), all.join(''));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    await succeed(runCommand(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder }));
  });
});
