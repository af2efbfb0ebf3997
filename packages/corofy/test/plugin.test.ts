/** The plugin in the bundlers that are installed: what is bundled runs, its stack leads to the source, and an error fails the build. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { corofy } from 'corofy/plugin';
import { root, runCommand } from '../../pawl/test/support/command.ts';
import { chained, inlineMapOf } from '../src/output/chain.ts';
import { transform } from '../src/index.ts';

const MAIN = `import { coroutine, run, sleep } from 'pawl';
import { twice } from './twice.js';

const fails = coroutine(async (n) => {
  await sleep(1);
  throw new Error('at ' + n);
});

export const main = coroutine(async () => {
  console.log('twice', await twice(21));
  try { await fails(7); } catch (error) { console.log(error.stack); }
});
await run(main);
`;
const TWICE = `import { coroutine, yieldNow } from 'pawl';
export const twice = coroutine(async (n) => {
  await yieldNow();
  return n * 2;
});
`;
const WRONG = `import { coroutine } from 'pawl';\nexport const f = coroutine(async () => {\n  eval('1');\n});\n`;

interface Bundled {
  /** The bundle, with its map beside it. */
  readonly out: string;
}

/** Bundles `entry` of a folder into `out`; throws when the build fails. */
type Bundle = (folder: string, entry: string) => Promise<Bundled>;

const BUNDLERS: Readonly<Record<string, (load: () => Promise<never>) => Promise<Bundle>>> = {
  async esbuild(load) {
    const { build } = (await load()) as typeof import('esbuild');
    return async (folder, entry) => {
      const out = join(folder, 'out.mjs');
      const plugins = [corofy.esbuild()];
      const common = { bundle: true, format: 'esm', logLevel: 'silent' } as const;
      const external = ['pawl', 'pawl/*'];
      await build({ ...common, external, sourcemap: true, entryPoints: [join(folder, entry)], outfile: out, plugins });
      return { out };
    };
  },
  async rollup(load) {
    const { rollup } = (await load()) as typeof import('rollup');
    return async (folder, entry) => {
      const out = join(folder, 'out.mjs');
      const bundle = await rollup({
        input: join(folder, entry),
        plugins: [corofy.rollup()],
        external: /^pawl/,
        onwarn() {},
      });
      await bundle.write({ file: out, format: 'es', sourcemap: true });
      await bundle.close();
      return { out };
    };
  },
  async rolldown(load) {
    const { rolldown } = (await load()) as unknown as { rolldown: typeof import('rollup').rollup };
    return async (folder, entry) => {
      const out = join(folder, 'out.mjs');
      const bundle = await rolldown({ input: join(folder, entry), plugins: [corofy.rolldown()], external: /^pawl/ });
      await bundle.write({ file: out, format: 'es', sourcemap: true });
      await bundle.close();
      return { out };
    };
  },
  async vite(load) {
    const { build } = (await load()) as unknown as { build: (config: object) => Promise<unknown> };
    return async (folder, entry) => {
      await build({
        root: folder,
        configFile: false,
        logLevel: 'silent',
        plugins: [corofy.vite()],
        build: {
          outDir: 'dist',
          target: 'esnext',
          sourcemap: true,
          minify: false,
          lib: { entry, formats: ['es'], fileName: () => 'out.mjs' },
          rollupOptions: { external: /^pawl/ },
        },
      });
      return { out: join(folder, 'dist', 'out.mjs') };
    };
  },
  async webpack(load) {
    const { default: webpack } = (await load()) as unknown as {
      default: (
        config: object,
        done: (error: Error | null, stats: { hasErrors(): boolean; toString(): string }) => void,
      ) => void;
    };
    return (folder, entry) =>
      new Promise((resolve, reject) => {
        const config = {
          mode: 'development',
          devtool: 'source-map',
          context: folder,
          entry: join(folder, entry),
          target: 'node',
          externals: [/^pawl/],
          externalsType: 'module',
          experiments: { outputModule: true },
          output: {
            path: folder,
            filename: 'out.mjs',
            module: true,
            devtoolModuleFilenameTemplate: '[absolute-resource-path]',
          },
          plugins: [corofy.webpack()],
        };
        webpack(config, (error, stats) => {
          if (error !== null) reject(error);
          else if (stats.hasErrors()) reject(new Error(stats.toString()));
          else resolve({ out: join(folder, 'out.mjs') });
        });
      });
  },
};

for (const [name, load] of Object.entries(BUNDLERS))
  test(`bundled by ${name}, coroutines are compiled, and their stacks lead to the source`, async (t) => {
    const bundle = await bundler(t, name, load);
    if (bundle === null) return;
    using folder = scratch();
    const { out } = await bundle(folder.path, 'main.js');
    const code = readFileSync(out, 'utf8');
    assert.doesNotMatch(code, /\basync \(n?\)/);
    const {
      code: exit,
      stdout,
      stderr,
    } = await runCommand(
      process.execPath,
      ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning', '--enable-source-maps', out],
      { cwd: folder.path },
    );
    assert.equal(exit, 0, stderr);
    assert.match(stdout, /^twice 42\nError: at 7\n/);
    assert.match(stdout, /main\.js:6:9/);
    // What awaits is named as its source is, although the bundle is another file.
    assert.match(stdout, /main \(.*main\.js:11:9\)/);
    const map = new SourceMap(JSON.parse(readFileSync(`${out}.map`, 'utf8')) as never);
    const line = code.split('\n').findIndex((text) => text.includes('n * 2'));
    const entry = map.findEntry(line, (code.split('\n')[line] as string).indexOf('n * 2')) as {
      originalLine: number;
      originalColumn: number;
      originalSource: string;
    };
    assert.deepEqual([entry.originalLine, entry.originalColumn], [3, 9]);
    assert.match(entry.originalSource, /twice\.js$/);
  });

for (const [name, load] of Object.entries(BUNDLERS))
  test(`an error fails the build by ${name}, with its place`, async (t) => {
    const bundle = await bundler(t, name, load);
    if (bundle === null) return;
    using folder = scratch();
    writeFileSync(join(folder.path, 'wrong.js'), WRONG);
    await assert.rejects(bundle(folder.path, 'wrong.js'), /wrong\.js[^]*3:(?:2|3)[^]*DIRECT_EVAL/);
  });

test('rollup says nothing of the marker that no compiled module calls any more, and what it says of others stays', async () => {
  const { rollup } = await import('rollup');
  using folder = scratch();
  writeFileSync(
    join(folder.path, 'one.js'),
    `import { coroutine, sleep } from 'pawl';\n${TWICE.slice(TWICE.indexOf('export'))}`.replace('yieldNow()', '1'),
  );
  const said: string[] = [];
  for (const entry of ['twice.js', 'one.js']) {
    const input = join(folder.path, entry);
    const onwarn = (log: { message: string }): number => said.push(log.message);
    const bundle = await rollup({ input, plugins: [corofy.rollup()], external: /^pawl/, onwarn });
    await bundle.generate({ format: 'es' });
    await bundle.close();
  }
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0]!, /sleep/);
});

test('a folder may have a # or a ? in its name, and a module a query', async () => {
  const fail = ({ message }: { message: string }): never => assert.fail(message);
  const transformed = (id: string): boolean =>
    corofy.rollup().transform.call({ error: fail, warn: fail }, TWICE, id) !== null;
  assert.deepEqual(
    ['/c#/a.ts', '/what?/a.js', '/a.ts?v=1', '/a.ts#part', '/c#/a.ts?v=/b.css', '/a.css?v=/b.ts', '\0/a.ts'].map(
      transformed,
    ),
    [true, true, true, true, true, false, false],
  );
  using folder = scratch();
  const inner = join(folder.path, 'c#?');
  mkdirSync(inner);
  writeFileSync(join(inner, 'twice.js'), TWICE);
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(inner, 'twice.js')],
    write: false,
    plugins: [corofy.esbuild()],
  });
  assert.match(outputFiles[0]?.text ?? '', /pawl\/compiled/);
});

test('a module that no file holds is left to the plugin of esbuild that it is of', async () => {
  const { build } = await import('esbuild');
  const virtual: import('esbuild').Plugin = {
    name: 'virtual',
    setup(own) {
      own.onResolve({ filter: /^virtual\.js$/ }, ({ path }) => ({ path, namespace: 'virtual' }));
      own.onLoad({ filter: /.*/, namespace: 'virtual' }, () => ({ contents: `console.log('virtual');` }));
    },
  };
  const stdin = { contents: `import 'virtual.js';` };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, plugins: [corofy.esbuild(), virtual] });
  assert.match(outputFiles[0]?.text ?? '', /console\.log\("virtual"\)/);
});

test('the map of a source that was generated itself leads to the first source', () => {
  const first = `import { coroutine } from 'pawl';\n\n\nexport const f = coroutine(async (value) => {\n  return value + await value;\n});\n`;
  // Generated: two lines less.
  const second = first.replace('\n\n\n', '\n');
  const input = {
    version: 3,
    sources: ['first.js'],
    sourcesContent: [first],
    names: [],
    mappings: 'AAAA;AAGA,gBAAgB,mBAAoB;EAClC,QAAO,QAAS;AAClB',
  };
  const { map } = transform(second, { file: 'second.js' });
  const both = chained(map as NonNullable<typeof map>, input);
  assert.deepEqual([both.sources, both.sourcesContent], [['first.js'], [first]]);
  const { code } = transform(second, { file: 'second.js' });
  const line = code.split('\n').findIndex((text) => text.includes('value + '));
  assert.notEqual(line, -1);
  const entry = new SourceMap(both as never).findEntry(line, 60) as { originalLine: number };
  assert.equal(entry.originalLine, 4);
  const text = `x\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(input)).toString('base64')}\n`;
  assert.deepEqual(inlineMapOf(text), input);
  assert.equal(inlineMapOf('x\n//# sourceMappingURL=data:application/json;base64,AAAA\n'), null);
});

async function bundler(t: TestContext, name: string, load: (typeof BUNDLERS)[string]): Promise<Bundle | null> {
  try {
    return await load(() => import(name) as Promise<never>);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    t.skip(`${name} is not installed`);
    return null;
  }
}

/** A folder from which `pawl` can be imported. */
function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'corofy-'));
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(path, 'main.js'), MAIN);
  writeFileSync(join(path, 'twice.js'), TWICE);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
