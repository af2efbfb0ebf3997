/**
 * Bodies that are out to break a compiler: each is where a rewriting of text, of names or of order goes wrong first. What they must do is what
 * JavaScript does.
 */
export const ADVERSARIAL: Readonly<Record<string, string>> = {
  // ---- order of evaluation
  'a switch over a sequence': `switch (log('first'), 2) { case 1: log('no'); break; case await wait(2): log('two'); }`,
  'for in over a sequence': `for (const k in log('first'), { a: 1 }) log(k, await wait(k));`,
  'a computed key that is a sequence': `const o = {}; o[log('first'), 'k'] = await wait(1); o[log('second'), 'k'] += await wait(2); log(o);`,
  'a sequence in a tagged template': `const t = (s, ...v) => v; log(t\`\${log('x'), 1}\${await wait(2)}\${log('y'), 3}\`);`,
  'a sequence in a template': `log(\`\${log('x'), 1}\${await wait(2)}\${log('y'), 3}\`);`,
  'a return of a sequence, through finally': `try { await wait(0); if (1) { for (const x of [1]) return log('first'), 'second'; } } finally { log('finally'); }`,
  'a return of a sequence with an await in its middle': `return log('a'), await wait(1), log('b'), 'end';`,
  'a throw of a sequence': `try { await wait(0); throw log('a'), new Error('b'); } catch (e) { log(e); }`,
  'a sequence in every head': `let n = 0; if (log('if'), true) await wait(0); while (log('while'), n++ < 1) await wait(1); do await wait(2); while (log('do'), n++ < 3); for (log('a'), log('b'); log('c'), n++ < 5; log('d'), log('e')) await wait(n);`,
  'an await in every operand of an operator': `
    let s = ''; const t = (x) => (s += x, x); log(t(1) + (await wait(t(2))) * t(3) - (await wait(t(4))) / t(5) % (await wait(t(6))) ** t(2), s);
    log([t('a'), await wait(t('b')), t('c'), ...(await wait([t('d')])), t('e')], s);
    log(t(1) < await wait(t(2)), t(3) in (await wait({ [t(3)]: 1 })), (t('x') , await wait(t('y'))), s);`,
  'an operand that is a variable is read when its turn comes': `
    let a = 1, b = 2; const o = { get v() { return a; } }; const set = (x) => { a = x; return x; };
    log(a + b * await wait(set(10)) + a, o.v + await wait(set(20)) + o.v, [a, await wait(set(30)), a], \`\${a}\${await wait(set(40))}\${a}\`, { a, b: await wait(set(50)), c: a });`,
  'a variable that a closure changes meanwhile': `let a = 1; const later = () => { a = 2; }; log(a + (later(), await wait(1)) + a, Math.max(a, await wait((a = 9, 1)), a));`,
  'a method is looked up before its arguments, a private one too': `
    class A { #m(x) { return [this.#n, x]; } #n = 1; static async run(a) { return 0; } go(w) { return this.#m(w); } has(o) { return #n in o; } } const a = new A(); log(a.go(await wait(1)), a.has(await wait(a)), a.has(await wait({})));`,
  'object spreads are read in order': `const o = { get a() { log('get a'); return 1; } }; log({ x: log('x'), ...o, b: await wait(2), ...o });`,
  'the right side runs although the left object is null': `let o = null; try { o[log('key')] = await wait(log('right')); } catch (e) { log(e instanceof TypeError); } try { o.p.q = (log('never'), await wait(1)); } catch (e) { log(e instanceof TypeError); } try { o.p += (log('never'), await wait(1)); } catch (e) { log(e instanceof TypeError); }`,
  'a key becomes text once, in its turn': `const key = { toString() { log('toString'); return 'k'; } }; const o = { k: 1 }; o[key] += await wait(1); log(o); o[key] = await wait(5); log(o); log({ [key]: await wait(1) }); const { [key]: v = await wait(2) } = {}; log(v);`,
  'logical assignment does not evaluate what it does not need': `const o = { a: 1, b: null, c: 0 }; o.a ??= await fail(1); o.a ||= await fail(2); o.c &&= await fail(3); o.b ??= await wait('b'); o.c ||= await wait('c'); log(o); const k = () => (log('k'), 'a'); o[k()] &&= await wait(7); log(o);`,
  'an update gives the old value': `const o = { n: 1 }; log((await wait(o)).n++, ++(await wait(o))[await wait('n')], o.n--, o);`,
  'a delete with awaited parts': `const o = { a: 1, b: 2 }; log(delete (await wait(o))[await wait('a')], o, delete o[(log('k'), await wait('b'))], o);`,
  'in and instanceof with both sides awaited': `log((await wait('a')) in (await wait({ a: 1 })), (await wait([])) instanceof (await wait(Array)));`,
  'a conditional in a conditional': `for (const n of [0, 1, 2]) log(n === await wait(0) ? await wait('a') : n === 1 ? (await wait('b'), 'c') : await wait(await wait('d')));`,
  'an optional call of nothing': `const f = null, o = { m: undefined }; log(f?.(await fail(1)), o.m?.(await fail(2)), o?.x?.[await fail(3)]?.(await fail(4)), (await wait(o))?.m?.(1));`,
  'an optional chain in parentheses is over': `const o = null; try { log((o?.a).b(await wait(1))); } catch (e) { log(e instanceof TypeError); } try { (o?.f)(await wait(1)); } catch (e) { log(e instanceof TypeError); }`,
  'this of a call in parentheses': `const o = { m() { return this === o; } }; log((o.m)(await wait(1)), (0, o.m)(await wait(1)), (o?.m)(await wait(2)), (o.m)?.(await wait(2)), o['m'](await wait(3)), (await wait(o)).m(), ((await wait(o)).m)(), ((await wait(o))?.m)());`,
  'new of a member, and of a call': `const o = { C: class { constructor(...a) { this.a = a; } }, get() { return this.C; } }; log(new o.C(await wait(1)).a, new (o.get())(await wait(2), 3).a, new (await wait(o)).C(4).a, new o.C, new (await wait(o.C))().a);`,
  // ---- names of functions
  'functions that get no name': `
    const a = await wait(1) ? () => {} : 0; const b = await wait(1) && (() => {}); const c = (await wait(1), () => {}); const d = (0, () => {}); const e = [() => {}, await wait(1)][0]; const f = await wait(() => {}); const g = (await wait(null)) ?? function () {}; const h = ((x) => x)(await wait(() => {}));
    log([a, b, c, d, e, f, g, h].map((x) => x.name));
    let i; i ||= (await wait(0), () => {}); log(i.name); const o = {}; o.p = await wait(1) ? () => {} : 0; o.q = () => {}; log(o.p.name, o.q.name, (await wait((x) => x)).name);`,
  'functions that get one': `
    const a = () => {}; let b = function () {}; var c = class {}; const d = class extends (await wait(Object)) {}; const { e = () => {}, f: g = await wait(1) } = {}; const [h = () => {}] = [await wait(undefined)];
    const o = { i: () => {}, j() {}, k: await wait(1), l: class {}, get m() { return 1; }, ['n' + 1]: () => {} }; let p; p = () => {}; let q = null; q ??= () => {}; let r = (() => {}); let s = ((class {}));
    log(a.name, b.name, c.name, d.name, e.name, h.name, o.i.name, o.j.name, o.l.name, o.n1.name, p.name, q.name, r.name, s.name);
    for (const t of [1]) { const u = () => t; let v; v = () => u; await wait(0); var w = () => v; log(u.name, v.name, w.name); }
    class X { static y = () => {}; static z = class {}; } log(X.y.name, X.z.name, X.name);`,
  'functions that are returned, and defaults of members': `const make = (x) => { for (const i of [1]) { try { return () => i; } finally { log('copied'); } } }; log(make(1).name); const o = {}; ({ a: o.x = () => {}, [await wait('b')]: o.y = class {} } = {}); log(o.x.name, o.y.name); let f; f = class extends (await wait(Object)) {}; log(f.name); f = null; f ??= class extends (await wait(Object)) {}; log(f.name); try { await wait(0); return () => {}; } finally { log('end'); }`,
  'functions that are named although they are assigned early, or by a key before an await': `
    function set() { f = () => {}; g ??= class {}; ({ h = () => {} } = {}); [i = class {}] = []; } let f = await wait(1), g = await wait(null), h, i; set(); log(f.name, g.name, h.name, i.name);
    const early = () => c; let c; c = class extends (await wait(Object)) {}; log(early().name);
    const o = { k: class {}, 'l m': class { static s = 1; }, 5: class {}, __proto__: class {}, ['c' + 1]: class {}, [await wait('d')]: class extends (await wait(Object)) {}, e: (class {}), f: class N {}, g: await wait(1) };
    log(o.k.name, o['l m'].name, o[5].name, Object.getPrototypeOf(o).name, o.c1.name, o.d.name, o.e.name, o.f.name);`,
  'functions that a target in parentheses gives no name': `let a, b, c, d; (a) = () => {}; ((b)) ??= class {}; (c) = class extends (await wait(Object)) {}; [(d) = () => {}] = []; log(a.name, b.name, c.name, d.name); [(d) = () => {}] = [await wait()]; log(d.name); const use = () => e; let e; (e) = () => {}; log(use().name);`,
  'a name that a static member takes away': `const A = class extends (await wait(Object)) { static name = 'own'; }; log(A.name); const B = class { static name() { return 1; } }; log(typeof B.name);`,
  // ---- names of variables
  'variables named as the machine names its own': `
    let each = 1, own = 2, frame = 3, cx = 4, at = 5, value = 6, future = 7, region = 8, error = 9, run = 10, step = 11, t1 = 12, awaited = 13, state = 14, link = 15, phase = 16, machine = 17, poll = 18, label = 19;
    let $each = 1, $own = 2, $frame = 3, $cx = 4, $at = 5, $value = 6, $future = 7, $region = 8, $error = 9, $run = 10, $step = 11, $t1 = 12, $1 = 13, $live = 14, $begin = 15, $inner = 16;
    const fs = []; for (let i = await wait(0); i < 2; i++) { const each = i; try { await wait(i); fs.push(() => [i, each, $each, value]); } finally { value++; $value++; } }
    log(fs.map((f) => f()), [each, own, frame, cx, at, value, future, region, error, run, step, t1, awaited, state, link, phase, machine, poll, label]);
    log([$each, $own, $frame, $cx, $at, $value, $future, $region, $error, $run, $step, $t1, $1, $live, $begin, $inner]);`,
  'variables named as they are renamed': `const x = 1; { const x = 2; const x$2 = 3; await wait(0); { const x = 4; const x$3 = 5; await wait(0); log(x, x$2, x$3); } log(x, x$2); } log(x);`,
  'variables named as globals': `const undefined_ = undefined; let Error = 1, Object = 2, Symbol = 3, Promise = 4, SuppressedError = 5; await wait(1); try { const [a = await wait(2)] = [undefined_]; log(a); null.x; } catch (e) { log(typeof e); } { using r = env.resource(log, 'r', false, false); await wait(0); } log(Error, Object, Symbol, Promise, SuppressedError);`,
  'variables named as words that are only sometimes reserved': `let async = 1, of = 2, get = 3, set = 4, from = 5, as = 6, type = 7, using = 8, target = 9; for (of of [await wait(1)]) log(of); async = await wait(2); log(async, of, get, set, from, as, type, using, target); for (const async of [1]) log(await wait(async)); const f = async (of) => of; log(typeof f); using = await wait(3); log(using);`,
  'unicode names': `const ä = await wait(1), 变量 = 2, 𝒳 = 3, $ = 4, _ = 5; { const ä = 6; await wait(0); log(ä, 变量, 𝒳, $, _); } log({ ä, 变量, 𝒳 });`,
  'names with escapes': `const \\u0061b = await wait(1); let c\\u{64} = 2; { const ab = 3; await wait(0); log(\\u0061b, ab, cd); } cd = await wait(4); \\u0063d += 1; log(ab, c\\u{64}, { \\u0061b }, { cd }); const { \\u0061b: x, y\\u007a = await wait(9) } = { ab: 7 }; log(x, yz); const f = () => c\\u0064; log(f());`,
  '__proto__ as a shorthand': `for (const __proto__ of [{ inherited: 1 }]) { await wait(0); const o = { __proto__ }; const p = { __proto__, a: await wait(1) }; const q = { a: await wait(1), __proto__: { inherited: 2 } }; log(Object.keys(o), o.inherited, Object.keys(p), q.inherited); { const __proto__ = 5; await wait(0); log(Object.keys({ __proto__ })); } }`,
  'a shadowed parameter of the body': `{ let log_ = log; { const wait_ = wait; const log = (...x) => log_('inner', ...x); log(await wait_(1)); } log(2); }`,
  'a function declaration that is shadowed and called in a loop': `function f() { return 'outer'; } for (const i of [1, 2]) { log(f()); await wait(i); function f() { return 'inner' + i; } } log(f());`,
  'a function that repeats a var': `var f = 1; log(typeof f); await wait(0); function f() {} log(typeof f); var g; log(typeof g); function g() {}`,
  'a catch parameter that a var repeats': `try { throw 'caught'; } catch (e) { await wait(0); var e = 'assigned'; log(e); } log(e);`,
  'a class that is used in itself, and replaced': `let A = class B { static s = typeof B; me() { return B; } }; await wait(0); const b = new A(); log(A.s, b.me() === A); class C { static make() { return new C(); } } const D = C; await wait(1); log(D.make() instanceof C);`,
  'typeof of what is not there': `log(typeof nowhere, typeof (await wait(1)), typeof nowhere === await wait('undefined')); try { nowhere; } catch (e) { log(e.name); } try { nowhere = await wait(1); log('no'); } catch (e) { log(e.name); }`,
  'for heads that shadow what they go over': `const x = [1, 2]; try { for (const x of x) await wait(x); } catch (e) { log(e.name); } { let y = { a: 1 }; for (let z in y) { let y = z; await wait(0); log(y); } }`,
  // ---- loops and jumps
  'jumps through many finallys': `
    a: for (const i of [0, 1, 2, 3]) { b: for (const j of [0, 1]) { try { try { await wait(0); if (i === 0) continue a; if (i === 1) break b; if (i === 2 && j === 0) continue b; if (i === 3) break a; log('end', i, j); } finally { log('f1', i, j); await wait(1); } } finally { log('f2', i, j); } } log('after', i); } log('out');`,
  'a finally that jumps over a jump': `a: for (const i of [0, 1, 2]) { try { await wait(0); return 'lost'; } finally { if (i < 2) continue a; log('last'); await wait(1); break a; } } b: { try { throw new Error('lost'); } finally { await wait(0); break b; } } log('end');`,
  'a finally that replaces a return': `const once = () => 1; try { try { return await wait('first'); } finally { await wait(0); return 'second'; } } finally { log('outer'); }`,
  'a break out of a block in a finally': `try { await wait(0); return 'kept'; } finally { x: { await wait(1); break x; } for (;;) { await wait(2); break; } log('done'); }`,
  'a native try that returns, and overrides': `await wait(0); const f = () => { x: { try { return 1; } finally { break x; } } return 2; }; log(f()); x: { try { if (env) break x; } finally { log('copied'); } } for (const i of [1, 2]) { try { continue; } finally { log('c', i); } } y: { try { return await wait('lost'); } finally { break y; } } z: { try { return 'lost'; } finally { break z; } } log('end');`,
  'a native loop that jumps out into the machine': `a: for (const i of [1, 2, 3]) { await wait(i); for (const j of env.items(log, 3)) { if (j === 1 && i === 1) continue a; if (j === 2) break a; log(i, j); } } try { await wait(0); for (const k of env.items(log, 2)) { try { if (k === 1) return k; } finally { log('n', k); } } } finally { log('out'); await wait(1); }`,
  'a switch in a loop in a switch': `switch (await wait(1)) { case 1: for (const i of [0, 1, 2]) switch (i) { case 0: continue; case 1: await wait(0); break; default: log('d'); break; } log('after'); case 2: log('fell'); break; case 3: log('no'); }`,
  'an empty switch, and one with only a default': `switch (log('looked'), await wait(1)) {} switch (await wait(2)) { default: log('d'); } switch (1) { default: case await wait(1): log('one'); }`,
  'labels on what is no loop': `a: if (await wait(1)) { b: { if (1) break a; } log('no'); } c: try { await wait(0); break c; } finally { log('f'); } d: switch (await wait(1)) { case 1: break d; } e: f: for (;;) { await wait(1); break e; } g: h: for (const x of [1, 2]) { await wait(x); continue g; } log('end');`,
  'loops without a body': `let n = 0; for (; n < await wait(3); n++); log(n); while (n-- > await wait(0)); log(n); for (const x of await wait([1])); do; while (await wait(0)); for await (const y of [1]); log('end');`,
  'closures of a loop head that is awaited in': `const fs = []; for (let i = await wait(0), f = () => i; i < 2; i = i + await wait(1)) { fs.push(f, () => i); await wait(0); } log(fs.map((f) => f()));`,
  'closures in the condition and the update of a loop': `const fs = []; for (let i = 0; fs.push(() => i), i < await wait(2); fs.push(() => i), i++) await wait(i); log(fs.map((f) => f()));`,
  'a loop head that closes over itself': `const fs = []; for (let i = 0, inc = () => i++; i < 3; await wait(0), i++) { fs.push(inc); } log(fs.map((f) => f()));`,
  'closures over variables of nested iterations': `const fs = []; for (const i of [1, 2]) for (let j = 0; j < 2; j++) { const k = i * 10 + j; await wait(k); { let m = k; fs.push(() => [i, j, k, m++]); await wait(m); fs.push(() => m); } } log(fs.map((f) => f()));`,
  'iterators are closed once, on each exit': `
    for (const how of ['break', 'continue outer', 'return', 'throw', 'end', 'break outer']) { const f = null; try { outer: for (const o of env.items(log, 2)) { inner: for (const i of env.items(log, 2)) { await wait(i); if (how === 'break') break; if (how === 'continue outer') continue outer; if (how === 'break outer') break outer; if (how === 'throw') throw new Error('t'); log(o, i); } log('out'); } } catch (e) { log(e); } log(how); }
    for (const x of env.items(log, 3)) for (const y of env.items(log, 3)) return await wait(y);`,
  'an iterator whose return is no method, or gives no object': `
    const it = (ret) => ({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: ret }) });
    for (const ret of [undefined, null, 5, () => 5, () => ({}), () => { throw new Error('closing'); }]) { try { for (const x of it(ret)) { await wait(x); break; } log('ok'); } catch (e) { log(e); } try { for (const x of it(ret)) { await wait(x); throw new Error('body'); } } catch (e) { log(e); } try { const [a = await wait(1)] = it(ret); log('ok', a); } catch (e) { log(e); } }`,
  'an iterator that gives no object, or is none': `for (const o of [{}, { [Symbol.iterator]: 1 }, { [Symbol.iterator]: () => 1 }, { [Symbol.iterator]: () => ({}) }, { [Symbol.iterator]: () => ({ next: () => 1 }) }, null]) try { for (const x of o) await wait(x); log('no'); } catch (e) { log(e instanceof TypeError); }`,
  'next is looked up once, and done is asked first': `let n = 0; const o = { [Symbol.iterator]: () => ({ get next() { log('next looked up'); return () => ({ get done() { log('done'); return n > 1; }, get value() { log('value'); return n++; } }); } }) }; for (const x of o) { log(await wait(x)); }`,
  'for await closes its stream, on each exit': `for (const how of ['break', 'throw', 'end', 'continue']) { try { for await (const x of env.stream(log, 3)) { await wait(x); if (how === 'break') break; if (how === 'throw') throw new Error('t'); if (how === 'continue') continue; log(x); } } catch (e) { log(e); } log(how); } l: for (const i of [1, 2]) for await (const x of env.stream(log, 2)) continue l; for await (const x of env.stream(log, 2)) return x;`,
  'for in over what changes, is inherited or is hidden': `const o = Object.create({ inherited: 1, hidden: 2 }, { hidden: { value: 3, enumerable: false }, own: { value: 4, enumerable: true, configurable: true }, gone: { value: 5, enumerable: true, configurable: true } }); for (const k in o) { await wait(k); log(k); delete o.gone; o.added = 1; } for (const k in 'ab') log(k, await wait(k)); for (const k in 5) await wait(log('no'));`,
  // ---- destructuring
  'a pattern in a pattern, with awaits in keys, defaults and targets': `
    const o = {}; let a, b; ({ [await wait('p')]: { q: [o.x = await wait(1), ...o.y] = [undefined, 2, 3] } = {}, a = await wait(4), ...b } = { z: 5 }); log(o, a, b);
    [a = await wait(1), [b = await wait(2)] = [], ...o[await wait('rest')]] = [undefined, undefined, 7, 8]; log(a, b, o);
    for (const { a: [x = await wait(1)] = [], ...r } of [{ b: 2 }, { a: [3] }]) log(x, r);
    try { throw { m: [undefined] }; } catch ({ m: [n = await wait('n')] }) { log(n); }`,
  'a rest of a pattern leaves out computed keys, and symbols': `const s = Symbol('s'); const { [s]: a, [await wait('b')]: b, [1]: c = await wait('c'), ...r } = { [s]: 1, b: 2, 1: 3, d: 4, [Symbol.iterator]: 5 }; log(a, b, c, Object.keys(r), Object.getOwnPropertySymbols(r).length);`,
  'a pattern reads its properties in order, and no more': `const o = { get a() { log('a'); return undefined; }, get b() { log('b'); return 1; }, get c() { log('c'); return 2; } }; const { a = (log('default'), await wait(0)), b } = o; log(a, b); let x, y; ({ a: x = await wait(1), b: y } = o); const { ...all } = o; log(x, y, all);`,
  'holes and ends of an array pattern': `const [, a = await wait(1), , ...[b, c = await wait(2)]] = [1, undefined, 3, 4]; log(a, b, c); const [] = env.items(log, 2); [await wait(0)]; const [d = await wait(1), e = await wait(2)] = env.items(log, 1); log(d, e); [] = await wait(env.items(log, 1)); ({} = await wait(5)); try { ({} = await wait(null)); } catch (er) { log(er.name); }`,
  'defaults are evaluated only for undefined': `const { a = await fail(1), b = await fail(2), c = await wait('c') } = { a: null, b: 0, c: undefined }; log(a, b, c); const [d = await fail(3)] = ['']; log(d);`,
  'a pattern uses what it has just assigned': `const { a = await wait(1), b = a + await wait(1), [\`k\${b}\`]: c = b } = { k2: 'key' }; log(a, b, c); try { const { d = e, e = await wait(1) } = {}; } catch (er) { log(er.name); } try { let f = await wait(f); } catch (er) { log(er.name); }`,
  'a pattern that assigns too early': `
    for (const how of [0, 1, 2, 3, 4, 5, 6, 7, 8]) try {
      if (how === 0) [x] = [1]; if (how === 1) [x] = [await wait(1)]; if (how === 2) ({ x } = { x: 1 }); if (how === 3) [x = await wait(2)] = env.items(log, 2);
      if (how === 4) ({ a: x = (log('default'), 1) } = {}); if (how === 5) for ([x] of [[1]]) await wait(0); if (how === 6) [, ...x] = env.items(log, 2); if (how === 7) ({ [await wait('k')]: x, ...y } = { k: 1 }); if (how === 8) [[x], y] = [[1], (log('right'), 2)];
      log('no error', how);
    } catch (e) { log(how, e.name); }
    await wait(0); let x = await wait(5), y; [x] = [6]; log(x, y); { try { [z] = [await wait(1)]; } catch (e) { log(e.name); } const z = 1; await wait(z); }
    for (const i of [0, 1]) { try { [w, v] = [1, 2]; log('no error', w); } catch (e) { log(e.name); } await wait(i); var v = i; let w = await wait(i); const f = () => w; log(f()); }`,
  // ---- the text
  'no semicolons before what begins otherwise now': `
    const c = await wait(1)
    let f = (x) => { log('f', x); return f }
    let t = (s) => log(s[0])
    let late = 0
    const use = () => late2
    try {
      f(1)
      c += 1
    } catch (e) { log(e.name) }
    if (c) {
      f(2)
      f(3)
      f
      t\`tag\`
      late = f
      late += 1
      ++late
      f = (x) => { log('g', x); return f }
      ;[1].forEach(f)
      f = () => {}
      [2].forEach((x) => log(x))
    }
    try {
      f(4)
      late2 += 1
    } catch (e) { log(e.name) }
    let late2 = await wait(5)
    if (c) {
      f = (x) => log('h', x)
      f(late2)
      var v = 1
      f(v)
      var { w } = { w: 2 }
      f(w)
      do f(0)
      while (0)
      f(5)
    }
    switch (c) {
      case 1:
        f(6)
        f(7)
    }
    log(use())`,
  'no semicolons in functions inside': `
    let f = (x) => { log(x); return f }
    const k = await wait(1)
    const g = () => {
      f(1)
      f(2)
      f\`t\`
      let h = f
      f(3)
      try { f(4)
      k++ } catch (e) { log(e.name) }
    }
    g()
    class A { static {
      f(5)
      f(6)
    } }`,
  'an if without braces': `let f = (x) => log(x); if (await wait(0)) f(1); else f(2); if (1) f(3); else if (0) f(4); if (0) ; else f(5); if (await wait(1)) ; else ; if (1) for (const x of [1]) f(x); for (;;) if (await wait(1)) break; else continue; if (1) return f(6); else throw 1;`,
  'comments where they hurt': `log(1, // a\n await wait(2) // b\n); const x /* c */ = /* d */ await /* e */ wait(3) /* f */; log(x); return /* g */ await wait(4); // h`,
  'a line comment at the end of what is copied': `const a = [1, // one\n 2 // two\n]; log(a // all\n , await wait(3)); if (a) // if\n log('x') // y\n else // else\n log('z')\n const f = (x) => // arrow\n x; log(f(await wait(1))); log((1 // in parentheses\n) + await wait(2));`,
  'what looks like an HTML comment': `let a = 5, b = 1; log(a<! --b, await wait(1)); b = 3; while (b --> await wait(0)) log(b);`,
  'strings, templates and expressions with line ends': `const a = 'x\\\ny', t = \`1\n  2 \${await wait('\\n')}\n   3\`; log(a, t, String.raw\`\\u\${await wait(1)}\n\`); log(await wait(\`\n    deep\n  \`));`,
  'a regular expression that looks like something else': `log(/[/]await wait(1)/.source, (await wait(4)) / 2 / 1, [await wait(8)] / 2, /}/.test(await wait('}')), (x => x) / 2, await wait(9) /3/ 1);`,
  'braces that are no blocks': `(await wait(0)), { a: 1 }; ({}).x; ({ a: await wait(1) }); +{}; (function () {})(await wait(0)); (() => {})(); (async () => {}); (class {}); let x = {}; ({ x } = { x: await wait(2) }); log(x); [x] = [await wait(3)]; log(x); \`\${await wait(0)}\`; (await wait(() => log('called')))(); !function () { log('iife', 1); }(await wait(0));`,
  'let as the beginning of an expression': `const o = { let: 1 }; await wait(0); o.let = await wait(2); log(o.let);`,
  'a directive in a function inside': `await wait(0); function f() { 'use strict'; return this; } log(f() === undefined); 'not a directive'; ('a'); log('end');`,
  'numbers that are called': `log(1..toFixed(await wait(1)), 1.5.toFixed(await wait(0)), (5).toString(await wait(2)), 1e3 .toString(), (-1) ** await wait(2), 2 ** -(await wait(1)));`,
  'signs next to each other': `let a = 1; log(a + +(await wait(1)), a - -(await wait(1)), a - (-await wait(1)), + + await wait(2), - -await wait(3), a+++await wait(1), a- -a, !(!await wait(1)), typeof typeof await wait(1), void void await wait(1));`,
  'operators of different strength': `log((await wait(1) + 2) * 3, 2 * (3 + await wait(1)), (await wait(null) ?? 1) || 2, (await wait(0) || null) ?? 'x', (1, await wait(2)) + 1, (await wait(1) ? 2 : 3) + 1, (await wait(2)) ** 3 ** (await wait(0)), ((await wait(3)) & 1) === 1, (a => a + 1)(await wait(1)) * 2);`,
  'an arrow as an operand': `log(typeof (() => {}) + await wait(1), (x => x) || await wait(1) ? 1 : 2, [x => x, await wait(1)].length, ((x) => x, await wait(3)));`,
  'an assignment as an operand': `let a, b, c; log((a = 1) + (b = await wait(2)) + (c = 3), a, b, c); a = b = await wait(5); log(a, b); a = b += c -= await wait(1); log(a, b, c); log([a = await wait(1), b] = [7, 8], a, b);`,
  // ---- functions, classes, this
  'this of arrows in a method in a body': `class A { v = 1; m() { return [1].map(() => this.v); } static s = this.name; } await wait(0); for (const i of [1]) { const a = new A(); await wait(i); log(a.m(), A.s); }`,
  'super in a class inside': `class A { v() { return 'a'; } static s() { return 'sa'; } } for (const i of [1]) { class B extends A { v() { return super.v() + i; } static s() { return super.s() + i; } get w() { return super.v; } } await wait(0); log(new B().v(), B.s(), typeof new B().w); const o = { __proto__: { m() { return 'p'; } }, m() { return super.m() + i; }, x: await wait(1) }; log(o.m(), o.x); }`,
  'accessors, and methods of all kinds': `const o = { get a() { return this.b; }, set a(v) { this.b = v; }, b: await wait(1), *g() { yield this.b; }, async m() { return 1; }, async *n() {}, [await wait('c')]() { return 'c'; }, get [await wait('d')]() { return 'd'; } }; o.a = 5; log(o.a, [...o.g()], o.c(), o.d, typeof o.m, typeof o.n);`,
  'class members that use variables of the body': `let n = 0; for (const i of [1, 2]) { const key = 'k' + i; await wait(i); class A { static [key] = ++n; [key + 'f'] = i; static { log('block', key, n); let n2 = n; n = n2 + 1; } #p = n; get p() { return [this.#p, key]; } static n = n; } await wait(0); log(A[key], new A()[key + 'f'], new A().p, A.n); } log(n);`,
  'a getter that is defined on a loop variable': `const all = []; for (const i of [1, 2]) { let hidden = i; all.push({ get v() { return hidden; }, set v(x) { hidden = x; } }); await wait(i); } all[0].v = 9; log(all.map((x) => x.v));`,
  'default parameters of functions inside see the outer variables': `let x = 1; await wait(0); for (const y of [2]) { const f = (a = x, b = () => a + x + y, { c = y } = {}) => { var x = 5; return [a, b(), c, x]; }; await wait(0); x = 3; log(f(), f(7)); }`,
  'a function inside with a var of the same name': `var v = 1; let w = 2; await wait(0); const f = () => { log(v); var v = 3; { let w = 4; log(w); } log(v, w); function w2() {} }; f(); log(v, w);`,
  'recursion, and functions that call each other': `await wait(0); function even(n) { return n === 0 || odd(n - 1); } function odd(n) { return n !== 0 && even(n - 1); } const fac = (n) => n < 2 ? 1 : n * fac(n - 1); log(even(10), odd(7), fac(5)); const g = function self(n) { return n === 0 ? self.name : self(n - 1); }; log(g(await wait(2)));`,
  'arguments inside': `await wait(0); for (const i of [1]) { function f() { const g = () => arguments.length + i; return g(1, 2, 3); } await wait(0); log(f(1), f(1, 2)); }`,
  'generators with variables of the body': `for (const i of [1, 2]) { let n = i; const g = function* () { while (n < 4) yield n++ * i; return n; }; await wait(0); log([...g()], n); }`,
  'a body that declares what its parameters are called': `function f(x, y = () => x) { var x; const before = x; x = 2; return [before, y(), x]; } await wait(0); log(f(1)); const g = (log) => { function log2() {} return typeof log2; }; log(g()); function h(a) { return typeof a; function a() {} } log(h(1));`,
  // ---- errors
  'errors of generated code are those of JavaScript': `for (const f of [async () => {}, 1]) { try { null.x; } catch (e) { log(e.name); } try { undefined[await wait('k')]; } catch (e) { log(e.name); } try { (await wait(5))(); } catch (e) { log(e.name); } try { new (await wait(5))(); } catch (e) { log(e.name); } try { [...(await wait(5))]; } catch (e) { log(e.name); } try { log(...(await wait(5))); } catch (e) { log(e.name); } try { (await wait(1)) in (await wait(2)); } catch (e) { log(e.name); } try { Symbol() + await wait(1); } catch (e) { log(e.name); } try { \`\${Symbol()}\${await wait(1)}\`; } catch (e) { log(e.name); } }`,
  'what is thrown may be anything': `for (const x of [undefined, null, 0, '', -1, 1, 2, false, PENDING_LIKE]) { try { if (x === 0) await fail(x); else { await wait(0); throw x; } } catch (e) { log('caught', e); } finally { log('finally'); } } function PENDING_LIKE() {} try { try { await fail(undefined); } finally { await wait(0); log('f'); } } catch (e) { log(e); } throw undefined;`,
  'a return of undefined, of nothing, and of what looks like a state': `const f = await wait(0); for (const x of [0, 1, 2, 3]) { try { await wait(0); if (x === 3) return 1; } finally { await wait(0); } } return 2;`,
  'an error in the head of each loop': `try { for (const x of log('a')) await wait(x); } catch (e) { log(e.name); } try { for (let i = null.x; ; ) await wait(i); } catch (e) { log(e.name); } try { while (null.x) await wait(0); } catch (e) { log(e.name); } try { do await wait(0); while (null.x); } catch (e) { log(e.name); } try { for (;; null.x) await wait(0); } catch (e) { log(e.name); } try { switch (1) { case null.x: await wait(0); } } catch (e) { log(e.name); } try { for await (const x of 5) await wait(0); } catch (e) { log(e.name); }`,
  'a constant that is assigned in every way': `const c = await wait(1); for (const f of [() => { c = 1; }, () => { c++; }, () => { --c; }, () => { c += 1; }, () => { c ??= 2; }, () => { c &&= 2; }, () => { [c] = [1]; }, () => { ({ c } = { c: 1 }); }, () => { ({ a: c = 2 } = {}); }, () => { for (c of [1]); }, () => { for (c in { a: 1 }); }, () => { [...c] = [1]; }]) try { f(); log('no error', c); } catch (e) { log(e.name); } try { for (c of [1]) await wait(0); } catch (e) { log(e.name); } try { [c = await wait(1)] = []; } catch (e) { log(e.name); } try { c ||= await fail('not evaluated'); log('ok'); } catch (e) { log(e); } try { c &&= await wait(5); } catch (e) { log(e.name); } class K {} try { K = 1; log('replaced'); } catch (e) { log(e.name); } function F() {} F = await wait(2); log(F, c);`,
  'a variable too early, in every way': `for (const f of [() => x, () => { x = 1; }, () => x++, () => { x += 1; }, () => typeof x, () => ({ x }), () => { [x] = [1]; }, () => { ({ x } = { x: 1 }); }, () => x?.y, () => x\`\`, () => x(), () => new x(), () => \`\${x}\`, () => { for (x of [1]); }, () => { delete x.y; }]) try { f(); log('no error'); } catch (e) { log(e.name); } let x = await wait(1); log(x);`,
  // ---- coroutines in coroutines
  'cleanups of coroutines in coroutines, which wait and fail': `
    const inner = coroutine(async (n) => { try { await wait(n); return n; } finally { await wait('i'); log('inner', n); if (n === 1) throw new Error('inner ' + n); } });
    const outer = coroutine(async (n) => { try { return await inner(n); } catch (e) { log('caught', e); } finally { await wait('o'); log('outer', n); if (n === 2) throw new Error('outer'); } });
    for (const n of [0, 1, 2]) { try { log(await outer(n)); } catch (e) { log('main', e); } finally { log(await inner(5)); await outer(n === 2 ? 1 : 0); } }`,
  'a cleanup of a coroutine in a coroutine that does not let itself be returned': `
    const stubborn = coroutine(async (n) => { for (let i = 0; i < n; i++) { try { await wait(i); } finally { log('again', i); continue; } } return 'done'; });
    const jumping = coroutine(async () => { l: try { try { return await stubborn(3); } finally { await wait('j'); break l; } } finally { log('left'); } return await wait('after'); });
    try { log(await jumping()); log(await stubborn(2)); } finally { log('out'); }`,
  'variables that are captured by coroutines in a loop': `
    const made = []; for (let i = 0; i < 3; i++) { let own = await wait(i); const f = coroutine(async (by) => { own += await wait(by); i += 0; return [i, own]; }); made.push(f); log(await f(10)); own++; }
    for (const f of made) log(await f(100), await f(1000)); const late = coroutine(async () => after + (await wait(1))); try { await late(); } catch (e) { log(e.name); } let after = await wait(5); log(await late());`,
};
