/** The order of evaluation in JSX: what esbuild makes of the source, and of what the compiler makes of it, must say the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformSync } from 'esbuild';
import { ready } from 'pawl';
import { formatDiagnostic, transform } from '../src/index.ts';
import { environment } from './support/programs.ts';
import { load, runCompiled, runNative } from './support/ways.ts';

/** The factory, which is no variable of the body, logs each call: with which component, properties and children. */
const FACTORY = `const h = (C, props, ...children) => { const name = typeof C === 'function' ? C.name : C; log('h', name, props, children); return [name, ...children]; }; h.F = 'fragment'; globalThis.markup = h;
  const make = (name) => ({ [name]: function () {} })[name]; const t = (x) => { log(x); return x; };`;

const MARKUP: Readonly<Record<string, string>> = {
  'spread, attribute and child': `const A = make('A'); log(<A {...(await wait(t({ s: 1 })))} b={await wait(t('b'))} c={t('c')}>{await wait(t('d'))}{t('e')}</A>);`,
  'what stands before an await is evaluated before it': `log(<a b={t('b')} {...t({ s: 1 })} c={await wait(t('c'))} d={t('d')}>{t('e')}{await wait(t('f'))}<g h={t('h')}>{t('i')}</g>{t('j')}</a>);`,
  'the component is read first': `let A = make('A'); const B = make('B'); log(<A b={(A = B, t('b'), await wait('b'))}>{(A = null, await wait('c'))}</A>);`,
  'a member that is a component is read first': `const o = { get C() { log('get C'); return make('C'); }, p: { D: make('D') } }; log(<o.C b={await wait(t('b'))} />, <o.p.D>{(o.p = null, await wait('c'))}</o.p.D>);`,
  'components in a loop, with closures over them': `const all = []; for (const C of [make('C'), make('D')]) { const o = { C }; all.push(() => <C x={1} />, <C y={await wait(t('y'))}>{await wait(1)}</C>, <o.C>{await wait(2)}</o.C>); } log(all.map((x) => (typeof x === 'function' ? x() : x)));`,
  'elements in elements': `const A = make('A'); log(<A><b>{await wait(t(1))}</b><A c={<d e={await wait(t(2))} />} f=<g>{t(3)}</g>>{await wait(t(4))}</A>text{t(5)}</A>);`,
  'a getter of what is spread, and a list of children': `const o = { get a() { log('get a'); return 1; } }; const list = [1]; log(<a {...o} b={await wait(t('b'))} {...o} />, <a>{...list}{(list.push(2), await wait('c'))}</a>);`,
  'fragments, names of the platform and text': `log(<><my-element a="&amp;" b>{await wait(t(1))} and {' '} text</my-element>{t(2)}{/* nothing */}{await wait(t(3))}</>);`,
  'a component too early': `try { log(<A b={t('never')} />); } catch (e) { log(e.name); } try { log(<a b=<A />>{t(1)}<A /></a>); } catch (e) { log(e.name); } try { log(<A b={await wait(t('never'))} />); } catch (e) { log(e.name); } const late = () => <A c={1}><A.B /></A>; try { late(); } catch (e) { log(e.name); } const A = await wait(Object.assign(make('A'), { B: 'B' })); log(late(), <A>{await wait(1)}</A>);`,
};

const plain = (code: string): string =>
  transformSync(code, { loader: 'jsx', jsx: 'transform', jsxFactory: 'markup', jsxFragment: 'markup.F' }).code;

for (const [name, text] of Object.entries(MARKUP))
  for (const backEnd of ['closure', 'fields'] as const)
    test(`${name}: compiled to ${backEnd}, it is evaluated in JavaScript's order`, async () => {
      const body = `async (log, wait, fail, env) => {\n${FACTORY}\n${text}\n}`;
      const source = `import { coroutine } from 'pawl';\nexport default coroutine(${body});\n`;
      const { code, diagnostics } = transform(source, { file: 'body.jsx', backEnd, place: '"body.jsx"' });
      assert.deepEqual(
        diagnostics.map((one) => formatDiagnostic(one, source)),
        [],
      );
      const native = await runNative(
        plain(`(${body})`).trim().slice(0, -1),
        environment((value) => Promise.resolve(value)),
      );
      // What is loaded is found by its text, which esbuild would change.
      const [head, rest] = [code.slice(0, code.indexOf('export default')), code.slice(code.indexOf('export default'))];
      const from = rest.indexOf('\nimport {');
      const make = load(`${head}export default ${plain(rest.slice('export default'.length, from))}${rest.slice(from)}`);
      for (const turns of [() => 0, (at: number) => at % 2]) {
        const compiled = runCompiled(make, environment(ready), turns);
        assert.deepEqual([compiled.log, compiled.end], [native.log, native.end]);
      }
      assert.ok(native.log.length > 1);
    });
