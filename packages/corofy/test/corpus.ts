/**
 * The corpus: one body for each construct, with the awaits where they hurt. A body is `async (log, wait, fail, env) => { … }`; what it must
 * do is what JavaScript does.
 */
export const CORPUS: Readonly<Record<string, string>> = {
  'await of values, of nothing and of a wait': `log(await 5, await undefined, await null, await wait('x'), await 'text');`,
  'a binary expression keeps its left side': `let a = 1; const b = a + (a = 5, await wait(2)) * a; log(b, a);`,
  'a variable is read before what assigns to it meanwhile': `
    let a = 1; const set = () => { a = 5; return wait(2); }; log(a + (await set()), a);
    let o = { m: (...x) => ['first', x] }; const swap = () => { o = { m: (...x) => ['second', x] }; return wait(3); };
    log(o.m(...[1], await swap(), ...[2])); log(o.m(await wait(1), (o = null, 2)));
    let t = 1; t += await (t = 7, wait(1)); t += await wait(t); log(t);
    for (let i = 0; i < 3; i++) log([i, i + (i += await wait(1)) + i, i, await wait(i), i++, i]);`,
  'a function without a name that is awaited gets none': `const f = await (() => 0), c = await class {}; log((await (() => 0)).name, (await (class {})).name, f.name, c.name);`,
  'a comparison and in': `log(1 < await wait(2), 'k' in (await wait({ k: 1 })), (await wait([])) instanceof Array);`,
  'unary operators': `log(typeof await wait(1), -(await wait(2)), !(await wait(0)), void await wait(1), ~(await wait(1)));`,
  'delete and update of what was awaited': `const o = { n: 1, m: { k: 1 } }; (await wait(o)).n++; log(delete (await wait(o)).m.k, --(await wait(o)).n, o);`,
  'calls look up the function before the arguments': `
    let f = (x) => ['first', x]; const o = { m(x) { return [this === o, x]; } };
    log(f((f = (x) => ['second', x], await wait(1))));
    log(o.m((o.m = null, await wait(2))), o['m' + ''] === null);`,
  'a method that is none': `const o = { typo: undefined, two: {} };
    for (const name of ['typo', 'two', 'none']) try { o[name](await wait(1)); } catch (e) { log(String(e)); }
    try { o.typo.deep(await wait(1)); } catch (e) { log(e instanceof TypeError); }`,
  'a method of what was awaited': `log((await wait('abc')).toUpperCase(), (await wait([3, 1, 2])).sort().join());`,
  'what is no function is found out after its arguments': `const o = { n: 1 }; for (const f of [() => o.m(await1), () => 0]) void f; var await1;
    try { o.m((await wait(1), log('argument')), log('another')); } catch (e) { log(e instanceof TypeError); } try { o?.n(await wait(1), log('x')); } catch (e) { log(e instanceof TypeError); }`,
  'calls with spreads': `const f = (...all) => all; log(f(...[1, 2], await wait(3), ...[await wait(4)], ...(await wait([5]))));`,
  'a spread is read before the await': `const list = [1]; const f = (...all) => all; log(f(...list, (list.push(2), await wait(9))));`,
  'new with arguments': `log(new (await wait(env.Pair))(1, 2).sum, new env.Pair(await wait('a'), 2).sum, new (await wait(Array))(3).length);`,
  'calling what is no function fails after its arguments': `let f; try { f(log('argument'), await wait(1)); } catch (e) { log(e instanceof TypeError); }`,
  'array literals with holes': `const a = [, await wait(1), , 2, ...[3, 4], await wait(5)]; log(a.length, 0 in a, 2 in a, a[1], a[6]);`,
  'object literals in order': `
    const key = (k) => (log('key', k), k);
    log({ a: log('a'), [key('k')]: await wait(1), ...{ s: 1 }, get g() { return 7; }, [key('q')]: await wait(2), m() { return 1; } });`,
  'shorthand, numeric and string keys': `const a = await wait(1); const b = 2; log({ a, b, 1: await wait(3), 'x y': a });`,
  'a template is text as it goes': `let n = 1; const o = { toString() { return 'o' + n; } }; log(\`\${o}-\${(n = 2, await wait('w'))}-\${o}\`);`,
  'tagged templates': `const o = { t(s, ...v) { return [s.raw.join('|'), v, this === o]; } }; log(o.t\`a\${1}b\${await wait(2)}\\n\`, (await wait(o)).t\`q\`);`,
  'a tag sees the same strings each time': `const seen = new Set(); const t = (s) => seen.add(s); for (let i = 0; i < 2; i++) t\`a\${await wait(i)}\`; log(seen.size);`,
  'conditional and logical operators': `
    log(await wait(1) ? await wait('y') : await wait('n'), 0 || await wait(2), 1 && await wait(0), null ?? await wait(3), 4 ?? await fail(new Error('no')));`,
  sequence: `log((log('a'), await wait(1), log('b'), await wait(2)));`,
  'assignment to members evaluates object and key first': `
    const o = { a: 1 }; let p = o; const key = () => (log('key'), 'a');
    p[key()] = (p = null, await wait(5)); log(o);
    o[key()] += await wait(1); o.b ??= await wait(7); o.b ||= await fail(new Error('not read')); log(o);`,
  'compound assignment reads its target before': `let x = 1; x += (x = 10, await wait(2)); log(x); x ??= await wait(3); x &&= await wait(0); x ||= await wait(4); x **= await wait(2); log(x);`,
  'a getter is read once': `let reads = 0; const o = { get a() { reads++; return 1; }, set a(v) { log('set', v); } }; o.a += await wait(1); log(reads);`,
  'optional chains': `
    const o = { a: { b(x) { return [this === o.a, x]; } }, n: null };
    log(o?.a?.b(await wait(1)), o.n?.b(await fail(new Error('no'))), o.zz?.[await fail(1)].q.r, (await wait(null))?.x.y(), (await wait(o))?.a.b?.(2), o.a.c?.(await fail(3)));`,
  'delete of an optional chain': `const o = { a: { b: 1 } }; log(delete (await wait(o))?.a?.b, o);`,
  'class with an awaited base': `class B { m() { return 'b'; } } class C extends (await wait(B)) { m() { return super.m() + 'c'; } static s = 1; } log(new C().m(), C.name, C.s); const D = class extends (await wait(B)) {}; log(new D().m());`,
  'if, else if, else': `for (const n of [0, 1, 2]) { if (n === await wait(0)) log('zero'); else if (n === await wait(1)) log('one'); else { await wait(0); log('many'); } }`,
  'while and do': `let n = 0; while (await wait(n < 3)) { n++; if (n === 2) continue; log(n); } do { log('do', n); if (n === 4) break; } while (n++ < await wait(5));`,
  'for with awaits in each part': `for (let i = await wait(0), j = 10; i < await wait(3); i += await wait(1), j--) { if (i === 1) continue; log(i, j); }`,
  'for without parts': `let n = 0; for (;;) { if (n++ > 1) break; await wait(n); log(n); }`,
  'each iteration has its own variables': `
    const fs = []; for (let i = 0; i < 3; i++) { await wait(i); let j = i * 2; fs.push(() => [i, j++]); if (i === 1) i += 0; }
    for (const f of fs) { f(); log(f()); }`,
  'a closure of the loop head sees what the body does': `const fs = []; for (let i = 0; i < 3; i++) { fs.push(() => i); i += await wait(0); i++; } log(fs.map((f) => f()));`,
  'closures over for-of, for-in, while and catch variables': `
    const fs = []; for (const x of ['a', 'b']) { await wait(x); fs.push(() => x); } for (const k in { p: 1, q: 2 }) { await wait(k); fs.push(() => k); }
    let n = 0; while (n < 2) { const m = n++; await wait(m); fs.push(() => m); }
    for (const t of [1, 2]) { try { throw t; } catch (e) { await wait(0); fs.push(() => e); } }
    log(fs.map((f) => f()));`,
  'for of an array, a string and a map': `for (const x of [1, 2]) log(await wait(x)); for (const c of 'ab') log(await wait(c)); for (const [k, v] of new Map([['k', 1]])) log(k, await wait(v));`,
  'for of closes its iterator on break, return and throw': `
    for (const x of env.items(log, 3)) { await wait(x); if (x === 1) break; }
    const inner = env.items(log, 3);
    try { for (const x of inner) { await wait(x); throw new Error('t'); } } catch (e) { log(e.message); }
    outer: for (const a of env.items(log, 2)) { for (const b of env.items(log, 2)) { await wait(b); continue outer; } }
    for (const x of env.items(log, 3)) { await wait(x); return x; }`,
  'for of leaves an ended iterator alone': `for (const x of env.items(log, 1)) await wait(x); for (const x of { [Symbol.iterator]: () => ({ next() { throw new Error('next'); }, return() { log('never'); } }) }) await wait(x);`,
  'an error of closing is hidden by that of the body, and not by break': `
    const it = { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return() { throw new Error('closing'); } }) };
    try { for (const x of it) { await wait(x); throw new Error('body'); } } catch (e) { log(e.message); }
    try { for (const x of it) { await wait(x); break; } } catch (e) { log(e.message); }`,
  'for of destructures and assigns': `let a, o = {}; for ([a = await wait(9), o.p] of [[1, 2], [undefined, 3]]) { await wait(0); log(a, o.p); } for (o.q of [1]) await wait(o.q); log(o);`,
  'for in': `const o = { a: 1, b: 2, c: 3 }; for (const k in o) { await wait(k); log(k); if (k === 'a') delete o.b; } for (var v in await wait({ z: 1 })); log(v); for (const k in null) log(await wait(k));`,
  'for await of an async iterable': `for await (const x of env.stream(log, 3)) { log(x); if (x === 1) break; } for await (const x of env.stream(log, 2)) log(await wait(x));`,
  'for await of a list of waits': `for await (const x of [wait(1), 2, wait(3)]) log(x); try { for await (const x of [1, fail(new Error('in the list')), 3]) log(x); } catch (e) { log(e.message); }`,
  labels: `a: { b: { await wait(1); if (await wait(true)) break a; log('no'); } log('no'); } x: for (const i of [1, 2]) { y: for (const j of [1, 2]) { await wait(j); if (j === 2) continue x; if (i === 2) break x; log(i, j); } }`,
  'switch falls through, tests in order, and scopes': `
    for (const n of [0, 1, 2, 3]) switch (await wait(n)) { case (log('t0'), await wait(0)): log('zero'); default: log('default'); case 1: { const n = 'inner'; log(n); break; } case await wait(2): log('two'); }`,
  'switch with continue and a default in the middle': `for (const n of [0, 1, 5]) { switch (n) { case 0: await wait(0); continue; default: log('d'); case 1: log('one'); } log('after', n); }`,
  'try, catch and finally in every order': `
    const run = async (how) => how;
    for (const how of ['none', 'throw', 'reject', 'late']) {
      try { log('try', how); if (how === 'throw') throw new Error(how); if (how === 'reject') await fail(new Error(how)); await wait(0); if (how === 'late') throw new Error(how); log('end'); }
      catch ({ message }) { log('catch', message); await wait(0); }
      finally { log('finally'); await wait(0); log('finally 2'); }
    }`,
  'throws where something inside wants to know': `try { await wait(1); if (true) { using a = env.resource(log, 'a', true, false); throw new Error('body'); } } catch (e) { log(e); }
    try { await wait(1); for (const x of env.items(log, 2)) throw new Error('in a loop'); } catch (e) { log(e.message); }
    try { await wait(1); try { throw new Error('inner'); } finally { log('finally'); } } catch (e) { log(e.message); }
    try { await wait(1); switch (1) { case 1: l: { throw log('evaluated'), new Error('plain'); } } } catch (e) { log(e.message); } finally { await wait(0); }
    try { await wait(1); const f = () => { throw new Error('in a function'); }; f(); } catch (e) { log(e.message); }`,
  'commas where an expression is saved': `switch (log('s'), 1) { case await wait(1): log('one'); } for (const k in log('in'), { a: 1 }) await wait(k); const o = { x: 1 }; o[log('k'), 'x'] += await wait(2); log(o); try { await wait(0); return log('r'), o; } finally { await wait(1); }`,
  'catch without a name, and an error in catch': `try { try { await fail(1); } catch { log('c'); throw new Error('from catch'); } finally { await wait(0); log('f'); } } catch (e) { log(e.message); }`,
  'finally overrides': `
    for (const x of [1, 2]) { try { await wait(x); if (x === 1) throw new Error('lost'); return 'lost'; } finally { if (x === 1) continue; await wait(0); break; } }
    try { return await wait('first'); } finally { await wait(0); log('on the way'); }`,
  'a return value is kept while finally changes its variable': `let x = 1; try { await wait(0); return x; } finally { x = 2; await wait(0); log(x); }`,
  'nested finally, with jumps through both': `
    l: for (const i of [1, 2, 3]) { try { try { await wait(i); if (i === 1) continue; if (i === 2) break l; } finally { await wait(0); log('inner', i); } } finally { log('outer', i); await wait(0); } } log('end');`,
  'an error in finally replaces the one on its way': `try { try { await fail(new Error('first')); } finally { await wait(0); throw new Error('second'); } } catch (e) { log(e.message); }`,
  'return of a rejection inside try is not caught without await': `try { return await fail(new Error('caught')); } catch (e) { log(e.message); } return 'end';`,
  'declarations with patterns and awaited defaults': `
    const { a = await wait(1), b: { c = await wait(2), ...r } = { d: 4 }, [await wait('k')]: e = 'e', ...rest } = { z: 1, y: 2 };
    const [p, , q = await wait(3), ...s] = env.items(log, 2); log(a, c, r, e, rest, p, q, s);`,
  'patterns close their iterators': `const [a = await wait(1)] = env.items(log, 3); try { const [b = await fail(new Error('x'))] = (function* () { try { yield; } finally { log('closed'); } })(); } catch (e) { log(a, e.message); }`,
  'patterns of null': `try { const { a = await wait(1) } = null; } catch (e) { log(e instanceof TypeError); } try { const [b = await wait(1)] = undefined; } catch (e) { log(e instanceof TypeError); }`,
  'assignment patterns': `let a, b; const o = {}; log(({ a, b: o.x = await wait(2), ...o.rest } = { a: 1, c: 3 }), a, o); [a, b] = [await wait('b'), await wait('a')]; [a, b] = [b, a]; log(a, b); [o[await wait('k')] = 1] = []; log(o);`,
  'names of functions': `
    const f = () => {}; let g = function () {}; const k = class {}; await wait(1); const { h = () => {} } = {}; const [i = async () => {}] = []; let j; j ??= () => {}; j2 = () => {}; var j2;
    for (const z of [1, 2]) { const own = () => z; await wait(z); log(own.name); } log(f.name, g.name, k.name, h.name, i.name, j.name, j2.name);`,
  'functions are there from the beginning': `log(before()); await wait(1); function before() { return 'hoisted'; } { log(inner()); await wait(1); function inner() { return later; } } var later = 1; log(typeof v); if (await wait(1)) { var v = 2; } log(v);`,
  'var in copied blocks': `await wait(1); if (true) { var a = 1, b; for (var i = 0; i < 2; i++) var c = i; for (var [d] of [[5]]); for (var k in { x: 1 }); var { e, f: [g] } = { e: 6, f: [7] }; } log(a, b, i, c, d, k, e, g);`,
  shadowing: `const x = 1; { const x = 2; await wait(0); { let x = 3; await wait(0); log(x); } log(x); } for (let x = 7; x < 8; x++) { await wait(0); log(x); } log(x); try { throw 9; } catch (x) { await wait(0); log(x); } log(x);`,
  'a variable too early': `
    try { log(x); } catch (e) { log(e instanceof ReferenceError); } let x = await wait(1); log(x);
    for (const i of [0, 1]) { const read = () => y; try { read(); } catch (e) { log(e instanceof ReferenceError, i); } const y = await wait(i); log(read()); }
    try { typeof z; } catch (e) { log(e.name); } const z = 1; await wait(z);
    try { w = 1; } catch (e) { log(e.name); } let w = await wait(2); try { let q = q + await wait(1); } catch (e) { log(e.name); }
    switch (1) { case 0: let s = await wait(1); case 1: try { s; } catch (e) { log(e.name); } }`,
  'a variable too early, in shorthand and as a closure sees it': `const read = () => ({ x, f }); try { read(); } catch (e) { log(e.name); } const x = await wait(1); let f = () => x; log(read().x, { x, f }.f(), { f });`,
  'assignment to a constant': `const c = await wait(1); try { c = (log('evaluated'), 2); } catch (e) { log(e instanceof TypeError); } try { c += await wait(1); } catch (e) { log(e.name); } try { c++; } catch (e) { log(e.name); } try { [c] = [1]; } catch (e) { log(e.name, c); }`,
  'let without a value is undefined again': `for (const i of [1, 2]) { let x; log(x); x = await wait(i); var y; log(y); y = i; }`,
  'classes inside': `await wait(0); class A { #p = 1; static s = A.name; get p() { return this.#p; } static { log('static', this === A); } m = () => this.#p; } log(new A().p, A.s, new A().m()); for (const i of [1, 2]) { class B { v = i; } await wait(0); log(new B().v); }`,
  'this and arguments of functions inside': `await wait(1); function f() { return [this === undefined, arguments.length]; } log(f(1, 2)); const o = { g() { return () => this === o; } }; log(o.g()()); log([1, 2].map((x) => x + 1));`,
  'using disposes in reverse, whatever happens': `
    for (const how of ['fall', 'throw', 'break', 'continue']) try { { using a = env.resource(log, 'a', false, false), b = env.resource(log, 'b', false, false); await wait(0); using c = null; log('body', how); if (how === 'throw') throw new Error(how); if (how === 'break') break; if (how === 'continue') continue; } } catch (e) { log(e); }`,
  'using with failing disposals': `try { using a = env.resource(log, 'a', true, false); using b = env.resource(log, 'b', true, false); await wait(0); throw new Error('body'); } catch (e) { log(e); } try { using a = env.resource(log, 'x', true, false); await wait(1); } catch (e) { log(e); }`,
  'await using': `try { await using a = env.resource(log, 'a', true, true); await using b = await wait(env.resource(log, 'b', false, true)); using c = env.resource(log, 'c', false, false); log('body'); } catch (e) { log(e); } { await using n = null; log('null'); } return 'end';`,
  'using in loops': `for (using r of [env.resource(log, 'r1', false, false), env.resource(log, 'r2', false, false)]) { await wait(0); log('in'); } for (await using r of [env.resource(log, 'r3', false, true)]) log('in'); for (using r = env.resource(log, 'h', false, false); ;) { await wait(1); break; }`,
  'using what cannot be disposed of': `try { using x = await wait({}); log('no'); } catch (e) { log(e instanceof TypeError); } try { using y = 5; await wait(0); } catch (e) { log(e instanceof TypeError); }`,
  'an expression statement that begins with a brace or a function': `({ a: await wait(1) }).a; (function () { log('called'); })(await wait(1)); (class {}).x = await wait(2); [1, 2][await wait(0)]; log('end')`,
  'no semicolons': `
    let a = await wait(1)
    const b = [1, 2]
    ;[a] = [await wait(5)]
    log(a, b)
    const f = () => 1
    log(f())
    { f()
      f() }
    if (await wait(1)) log('x')
    else log('y')
    await wait(2)`,
  'many operands': `const f = (...x) => x; log(f(1 + await wait(1), [await wait(2), { a: await wait(3) }], \`\${await wait(4)}\`, (await wait([5]))[await wait(0)], await wait(6) ? await wait(7) : 0));`,
  'awaits of awaits': `log(await wait(await wait(await wait(1))), await (await wait(() => wait(2)))());`,
  'debugger, empty statements and directives': `'use strict';; await wait(1);; debugger; log('end');`,
  'a deep error': `const f = (n) => { if (n === 0) throw new Error('deep'); return f(n - 1); }; try { f(await wait(5)); } catch (e) { log(e.message); } throw await wait(new Error('thrown'));`,
  'new.target and regular expressions stay': `await wait(1); function F() { log(new.target === F); } new F(); log(/a\\/b$/.test(await wait('a/b')), 'x'.replace(/x/g, '$&$&'));`,
  'comments stay where they are': `// before\n await /* inside */ wait(1); /* after */ log(/* one */ 1, // two\n 2);`,
  'generators inside': `const g = function* () { yield 1; yield* [2, 3]; }; for (const x of g()) log(await wait(x)); log([...g()]);`,
  'exponents, bit operators and big numbers': `log((await wait(2)) ** (await wait(3)), 5 >>> await wait(1), await wait(10n) * 2n, 7 % await wait(4));`,
  'a coroutine in a coroutine': `const twice = coroutine(async (x) => { const y = await wait(x); return y * 2; }); let all = 0; for (const x of [1, 2]) { const inner = coroutine(async () => { all += await twice(x); return all; }); log(await inner(), (await twice(await inner())) + (await twice(1))); } try { await coroutine(async (e) => { await fail(e); })(new Error('inner')); } catch (e) { log(e); }`,
  'for await in a coroutine in a coroutine': `const sum = coroutine(async (most) => { let all = 0; try { for await (const x of env.stream(log, 5)) { all += await wait(x); if (x === most) return all; } } finally { log('sum', all); } }); log(await sum(2), await sum(0));`,
};
