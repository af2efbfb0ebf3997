/**
 * Bodies of async generators, by what they are about. `log` says what happens, `wait(value)` waits, `fail(error)` fails, `env` has things to
 * iterate and to dispose of. See `generators.test.ts` for what is done with each.
 */
export const GENERATORS: Readonly<Record<string, string>> = {
  'values, and what a yield comes to': `log('begun'); const a = yield 1; log(a); const b = yield; log(b, yield 'x', yield); yield undefined; yield null; log('end');`,
  'no values at all': `log('begun'); await wait(1); log('end');`,
  'an empty body': ``,
  'a yield in each expression': `
    const o = { x: 1, f(...a) { log('f', a); return this === o; }, set y(v) { log('y', v); } };
    log((yield 1) + (await wait(2)) + (yield 3), [yield 4, ...[yield 5], await wait(6)], { a: yield 7, [yield 8]: yield 9, ...(yield 10) });
    log(o.f(yield 1, ...[yield 2]), o[(yield 3, 'f')](yield 4), \`\${yield 5}-\${await wait(6)}\`, (yield 7) ? yield 8 : yield 9, (yield 10) ?? (yield 11), (yield 12) || (yield 13), (yield 14) && (yield 15));
    o.y = yield 1; o[(yield 'key', 'k')] = yield 2; o.x += yield 3; o.x ??= yield 4; log(o.x, o.k, typeof (yield 5), !(yield 6), void (yield 7), delete o[yield 8], new (class { constructor(a) { log(a); } })(yield 9), o?.[yield 10]?.(yield 11));
    const [p = yield 1, { q = yield 2, [yield 3]: r, ...s } = yield 4, ...t] = [undefined, {}, 7]; log(p, q, r, s, t); let u; [u = yield 4] = [await wait()]; ({ a: u = yield 5 } = {}); log(u, (yield 1, yield 2), class A extends (yield 3, Object) {}.name);`,
  'a yield awaits what it is given': `yield wait(1); yield Promise.resolve === undefined ? 0 : wait([2]); try { yield fail(new Error('operand')); log('no'); } catch (e) { log(e); } yield await wait(3); yield fail(new Error('out'));`,
  'yields in conditions, loops and a switch': `
    for (let i = yield 'init'; (yield 'test') === undefined && (i ?? 0) < 2; i = (i ?? 0) + 1 + ((yield 'update') ?? 0)) { log('body', i); yield i; }
    let n = 0; while (n++ < 2 && !(yield n)) yield 'w'; do yield 'd'; while ((yield 'dw') === 1); if (yield 'if') log('no'); else yield 'else';
    switch (yield 'switch') { case yield 'case': yield 'matched'; case 2: yield 'fell'; break; default: log('no'); }
    for (const k in { a: 1, b: yield 'in' }) yield k; for (const x of [yield 'of', 2]) { if (yield x) break; else continue; } l: for (;;) { yield 'once'; for (;;) { yield 'inner'; break l; } }`,
  'closures over the variables of an iteration': `const fs = []; for (let i = 0; i < 3; i++) { let own = yield i; fs.push(() => [i, own]); own = i * 2; await wait(i); } log(fs.map((f) => f()));`,
  'finally blocks around yields': `try { log('a'); yield 1; try { yield 2; await wait(3); } finally { log('inner'); await wait(4); log('inner end'); } yield 5; } finally { log('outer'); await wait(6); log('outer end'); } yield 7;`,
  'a catch is not entered when it is closed': `try { yield 1; yield 2; } catch (e) { log('caught', e); } finally { log('finally'); } try { yield 3; throw new Error('own'); } catch (e) { log(e); yield 4; } finally { yield 5; log('after'); }`,
  'what a cleanup yields': `try { try { yield 1; } finally { log('f1'); yield 2; log('f2'); } yield 3; } finally { log('g1'); yield await wait(4); log('g2', yield* [5, wait(6)]); }`,
  'a cleanup that goes on in spite of being closed': `let n = 0; for (;;) { try { if (n++ > 3) break; yield n; } finally { log('finally', n); if (n < 3) continue; } } log('after'); l: try { yield 'x'; } finally { await wait(0); break l; } yield 'end';`,
  'a cleanup that returns, and one that throws': `try { try { yield 1; } finally { return await wait(2); } } finally { log('outer'); yield 3; try { yield 4; } finally { throw new Error('cleanup'); } }`,
  'errors of nested cleanups': `try { try { yield 1; await wait(2); } finally { log('a'); await fail(new Error('first')); } } finally { log('b'); throw new Error('second'); }`,
  'a return awaits, where its error can be caught': `try { if (await wait(0)) return 1; return fail(new Error('returned')); } catch (e) { log('caught', e); yield 1; } finally { log('finally'); } try { return wait(2); } finally { log('last'); yield 3; }`,
  'a return from deep inside': `for (const x of env.items(log, 3)) { try { for (const y of env.items(log, 2)) { yield [x, y]; if (x === 1) return log('returned'), wait(1); } } finally { log('finally', x); await wait(x); } }`,
  'return without a value, in a block without awaits': `for (const x of [1, 2, 3]) { if (x === 2) return; yield x; }`,
  'a throw, before and after values': `yield 1; await wait(2); throw new Error('thrown');`,
  'an error before the first value': `throw new Error('at once');`,
  'yield* over lists, texts, waits and iterators': `log(yield* [1, wait(2), undefined]); log(yield* 'ab'); log(yield* env.items(log, 2)); log(yield* []); try { yield* [1, fail(new Error('element')), 3]; } catch (e) { log(e); } yield* new Set([7, 8]); yield* (function* () { log('got', yield 9); return wait(10); })(); log(yield* (function* () { try { yield 1; return 'result'; } finally { log('iterator closed'); } })());`,
  'yield* over an async iterable': `log(yield* env.stream(log, 2)); try { yield* env.stream(log, 3); } finally { await wait(1); log('finally'); }`,
  'yield* of what cannot be iterated': `for (const x of [null, undefined, 5, {}, { [Symbol.asyncIterator]: null }, { [Symbol.asyncIterator]: () => 1 }, { [Symbol.asyncIterator]: () => ({}) }, { [Symbol.iterator]: () => ({ next: () => 1 }) }]) try { yield* x; log('no'); } catch (e) { log(e.name); }`,
  'yield* calls what the language calls': `
    const it = (name, most, done) => ({ get next() { log(name, 'next looked up'); let n = 0; return function (...a) { log(name, 'next', a, this === undefined); return { get done() { log(name, 'done'); return n >= most; }, get value() { log(name, 'value'); return n++ < most ? n : done; } }; }; }, get return() { log(name, 'return looked up'); return (...a) => { log(name, 'return', a); return { done: true, value: 'left' }; }; } });
    log(yield* { [Symbol.iterator]: () => it('sync', 2, 'end') }); log(yield* { [Symbol.asyncIterator]: () => it('async', 2, 'end') }); for await (const x of { [Symbol.iterator]: () => it('loop', 1, 'end') }) log(x);`,
  'yield* in yield*, and in expressions': `const inner = function* () { yield 1; yield* [2, 3]; return 4; }; log([yield* inner(), (yield* inner()) + 1, await wait(5)], { a: yield* [] }); yield yield* inner(); yield (yield 1, yield* [2]);`,
  'iterators are closed when it is closed': `for (const x of env.items(log, 3)) { yield x; for await (const y of env.stream(log, 2)) { yield [x, y]; if (y === 1) break; } } const [a = yield 'pattern'] = env.items(log, 0); log(a);`,
  'resources are disposed of when it is closed': `{ using a = env.resource(log, 'a', false, false); yield 1; { await using b = env.resource(log, 'b', false, true); yield 2; await wait(1); } yield 3; { using c = env.resource(log, 'c', true, false); using d = env.resource(log, 'd', true, false); yield 4; } }`,
  'its variables are its own': `const make = (n) => { let count = n; return () => count++; }; const next = make(5); for (var v = 0; v < 2; v++) { const here = v; yield next() + here; } log(v, typeof w); { yield 1; var w = 2; } log(w); try { log(late); } catch (e) { log(e.name); } let late = yield 3; log(late); const c = yield 4; try { c = 1; } catch (e) { log(e.name); }`,
  'functions inside, of each kind': `function* plain() { const got = yield 1; return yield* [got]; } log([...plain()]); const arrow = async () => 1; async function* other() { yield 1; } log(typeof arrow, typeof other); yield* plain(); const o = { *g() { yield 2; }, async *h() { yield 3; } }; yield* o.g(); class A { static *s() { yield 4; } } yield* A.s();`,
  'yield as what is called, tagged and made': `const id = (f) => f; try { (yield 1)(); } catch (e) { log(e.name); } try { new (yield 2)(); } catch (e) { log(e.name); } try { (yield 3)\`t\`; } catch (e) { log(e.name); } try { (yield 4).x; } catch (e) { log(e.name); } log((yield 5)?.x?.(yield 6)); log(id(yield 7) === undefined, env.tag\`\${yield 8}\${yield 9}\`);`,
  'coroutines inside': `const twice = coroutine(async (x) => { try { await wait(x); return x * 2; } finally { await wait(0); log('done', x); } }); yield await twice(1); try { yield twice(2); yield 3; } finally { log(await twice(4)); }`,
  'comments and line ends': `yield /* a */ 1 // b
    yield // c
    yield /* d */ * /* e */ [2] // f
    ;[yield 3]
    log(yield
    )
    return /* g */ wait(4) // h`,
};

/** The same with streams inside. Where nothing is caught, a cancellation is compared with a native wait that fails. */
export const GENERATORS_OF_STREAMS: Readonly<Record<string, string>> = {
  'a stream of its own in a loop': `const count = coroutine(async function* (n) { try { for (let i = 0; i < n; i++) { await wait(i); yield i; } } finally { log('closed'); await wait('c'); log('closed, waited'); } }); for await (const x of count(3)) { yield x; if (x === 1) break; } l: for (const i of [1, 2]) for await (const x of count(2)) { if (i === 1) continue l; yield [i, x]; }`,
  'a stream of its own handed on': `const count = coroutine(async function* (n) { try { for (let i = 0; i < n; i++) yield await wait(i); } finally { log('closed', n); } }); yield* count(2); try { yield* count(3); } finally { log('out'); await wait(1); } yield* count(0);`,
  'a stream that fails, in a loop and handed on': `const bad = coroutine(async function* () { try { yield 1; throw new Error('bad'); } finally { log('closed'); } }); try { for await (const x of bad()) log(x); } catch (e) { log('caught', e); } try { yield* bad(); } catch (e) { log('caught', e); yield 2; }`,
  recursion: `const tree = coroutine(async function* walk(n) { if (n === 0) return; try { yield* tree(n - 1); yield await wait(n); yield* walk(n - 1); } finally { log('left', n); } }); yield* tree(3);`,
  'a coroutine that loops over a stream': `const count = coroutine(async function* (n) { for (let i = 0; i < n; i++) { await wait(i); yield i; } }); const sum = coroutine(async (n) => { let all = 0; for await (const x of count(n)) all += x; return all; }); yield sum(3); yield await sum(4);`,
  'an error in a loop over a stream of its own': `const count = coroutine(async function* (n) { try { for (let i = 0; i < n; i++) yield await wait(i); } finally { await wait('c'); log('closed'); } }); try { for await (const x of count(2)) throw new Error('body'); } catch (e) { log(e); yield 1; } for await (const x of count(2)) { yield x; throw new Error('out'); }`,
  'streams in streams in coroutines': `const count = coroutine(async function* (n) { try { for (let i = 0; i < n; i++) { await wait(i); yield i; } } finally { await wait('c'); log('count closed'); } }); const pairs = coroutine(async function* (n) { try { for await (const a of count(n)) for await (const b of count(n)) { yield [a, b]; if (b > a) break; } } finally { await wait('p'); log('pairs closed'); } }); const first = coroutine(async (n) => { try { for await (const x of pairs(n)) { await wait(x); return x; } } finally { log('first done'); await wait('f'); } }); yield await first(2); try { yield* pairs(2); } finally { await wait('last'); log('last'); }`,
};
