import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { codeOf } from '../../test/support/world.ts';
import {
  blockOn,
  coroutine,
  type Future,
  join,
  PawlError,
  race,
  run,
  type Runtime,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from '../index.ts';
import { word } from '../sys/emit/assembler.ts';
import { emitElf } from '../sys/emit/elf.ts';
import { loadAddresses } from '../sys/emit/index.ts';
import { openSlots } from '../sys/fiber/slots.ts';
import { currentArch } from '../sys/linux.ts';
import {
  abandonedFibers,
  call,
  callback,
  callNow,
  callWith,
  type CFunction,
  copyBytes,
  functionAt,
  HandmadeStack,
  library,
  Memory,
  offset,
  peek,
  type Pointer,
  poke,
  redirect,
  RoundRobin,
  setBytes,
  text,
} from './index.ts';

const c = library(null, {
  abs: { arguments: ['int32'], returns: 'int32' },
  labs: { arguments: ['int64'], returns: 'int64' },
  strlen: { arguments: ['string'], returns: 'size' },
  strchr: { arguments: ['string', 'int32'], returns: 'string' },
  getenv: { arguments: ['string'], returns: 'string' },
  qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' },
  bsearch: { arguments: ['pointer', 'pointer', 'size', 'size', 'pointer'], returns: 'pointer' },
  snprintf: {
    arguments: [
      'pointer',
      'size',
      'string',
      'int32',
      'float64',
      'int32',
      'int32',
      'int64',
      'uint32',
      'float64',
      'string',
    ],
    returns: 'int32',
  },
});
const { hypot, sqrtf } = library('libm.so.6', {
  hypot: { arguments: ['float64', 'float64'], returns: 'float64' },
  sqrtf: { arguments: ['float32'], returns: 'float32' },
});

const COMPARE = { arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 } as const;

function numbers(...values: readonly number[]): Memory {
  const memory = new Memory(4 * values.length);
  for (const [i, value] of values.entries()) memory.write('int32', 4 * i, value);
  return memory;
}

const list = (memory: Memory): number[] =>
  Array.from({ length: memory.size / 4 }, (_, i) => memory.read('int32', 4 * i));

const difference = (a: Parameters<typeof peek>[1], b: Parameters<typeof peek>[1]): number =>
  peek('int32', a) - peek('int32', b);

describe('a call of a C function', () => {
  it('passes and returns values of each type', () => {
    assert.equal(callNow(c.abs, -5), 5);
    assert.equal(callNow(c.labs, -(2n ** 60n)), 2n ** 60n);
    assert.equal(callNow(c.strlen, 'hällo'), 6);
    assert.equal(callNow(c.strchr, 'one two', 32), ' two');
    assert.equal(callNow(c.getenv, 'NO_SUCH_VARIABLE_AS_THIS'), null);
    assert.equal(callNow(hypot, 3, 4), 5);
    assert.equal(callNow(sqrtf, 6.25), 2.5);
  });

  it('passes what does not fit into registers on the stack', () => {
    using text = new Memory(100);
    const length = callNow(c.snprintf, text, 100, '%d %g %d %d %ld %u %g %s', -1, 2.5, 3, 4, 5n, 6, 7.25, 'eight');
    assert.equal(new TextDecoder().decode(text.bytes(0, length)), '-1 2.5 3 4 5 6 7.25 eight');
  });

  it('is a future: nothing happens before its first poll, and it completes once', () => {
    let compared = 0;
    using compare = callback(COMPARE, (a, b) => {
      compared++;
      return difference(a, b);
    });
    using two = numbers(2, 1);
    const sorting = call(c.qsort, two, 2, 4, compare);
    assert.equal(compared, 0);
    assert.equal(blockOn(sorting), undefined);
    assert.equal(compared, 1);
    assert.deepEqual(list(two), [1, 2]);
    assert.equal(
      codeOf(() => blockOn(sorting)),
      'ALREADY_COMPLETED',
    );
  });

  it('lets other tasks run while a callback waits', () =>
    run(function* () {
      const turns = { count: 0 };
      using compare = callback(COMPARE, function* (a, b) {
        for (const before = turns.count; turns.count < before + 3;) yield* yieldNow();
        return difference(a, b);
      });
      const other = spawn(
        coroutine(function* () {
          for (;;) {
            turns.count++;
            yield* yieldNow();
          }
        })(),
      );
      using some = numbers(5, 3, 9, 1);
      yield* call(c.qsort, some, 4, 4, compare);
      assert.deepEqual(list(some), [1, 3, 5, 9]);
      assert.ok(turns.count >= 9, `${turns.count}`);
      other.abort('done');
    }));

  it('any number of them stand still at once, each on its own stack', () =>
    run(function* () {
      const waiting = { now: 0, most: 0 };
      using compare = callback(COMPARE, function* (a, b) {
        waiting.most = Math.max(waiting.most, ++waiting.now);
        yield* sleep(1);
        waiting.now--;
        return difference(a, b);
      });
      const sort = coroutine(function* (seed: number) {
        const values = Array.from({ length: 6 }, (_, i) => (seed * 7919 + i * 104_729) % 101);
        using memory = numbers(...values);
        yield* call(c.qsort, memory, 6, 4, compare);
        assert.deepEqual(
          list(memory),
          values.toSorted((a, b) => a - b),
        );
      });
      yield* join(Array.from({ length: 100 }, (_, i) => sort(i)));
      assert.equal(waiting.most, 100);
    }));

  it('gives others their turn although its callbacks never wait', () =>
    run(function* () {
      let turns = 0;
      let polls = 0;
      using compare = callback(COMPARE, (a, b) => {
        polls++;
        return difference(a, b);
      });
      using many = numbers(...Array.from({ length: 500 }, (_, i) => (i * 7919) % 1009));
      const other = spawn(
        coroutine(function* () {
          for (;;) {
            turns++;
            yield* yieldNow();
          }
        })(),
      );
      yield* call(c.qsort, many, 500, 4, compare);
      other.abort('done');
      assert.ok(polls > 1000 && turns > 5, `${turns} turns in ${polls} comparisons`);
    }));

  it('is named in a dump, with what its callback waits for', () =>
    run(
      function* () {
        using compare = callback({ ...COMPARE, name: 'compare' }, function* compare(a, b) {
          yield* sleep(60_000);
          return difference(a, b);
        });
        using some = numbers(2, 1);
        const sorting = spawn(call(c.qsort, some, 2, 4, compare), { name: 'sorter' });
        yield* sleep(0);
        assert.match(runtimes[0]!.dump(), /sorter[^]*call of qsort[^]*compare[^]*sleep/);
        sorting.abort('seen');
      },
      { onRuntime: (runtime) => runtimes.push(runtime) },
    ));
  const runtimes: Runtime[] = [];

  it('may be made within a callback of another', () => {
    using compare = callback(COMPARE, (a, b) => Math.sign(callNow(c.abs, peek('int32', a)) - peek('int32', b)));
    using some = numbers(5, 3, 9, 1);
    callNow(c.qsort, some, 4, 4, compare);
    assert.deepEqual(list(some), [1, 3, 5, 9]);
  });

  it('calls back from C with a pointer that C returns', () => {
    using sorted = numbers(1, 3, 5, 9);
    using key = numbers(5);
    using compare = callback(COMPARE, difference);
    const found = callNow(c.bsearch, key, sorted, 4, 4, compare);
    assert.equal(found, sorted.pointer(8));
    assert.equal(peek('int32', found), 5);
    assert.equal(callNow(c.bsearch, key, sorted, 2, 4, compare), null);
  });

  it('calls a function whose address C has given', () => {
    const { dlsym } = library(null, { dlsym: { arguments: ['pointer', 'string'], returns: 'pointer' } });
    const abs = functionAt(callNow(dlsym, null, 'abs'), { arguments: ['int32'], returns: 'int32', name: 'abs' });
    assert.equal(callNow(abs, -3), 3);
  });

  it('measures its stack when it is asked to', () => {
    using compare = callback(COMPARE, difference);
    using some = numbers(3, 1, 2);
    const sorting = callWith({ measureStack: true, stackSize: 64 * 1024 }, c.qsort, some, 3, 4, compare);
    blockOn(sorting);
    assert.ok(sorting.stackUsed > 0 && sorting.stackUsed <= 64 * 1024, `${sorting.stackUsed}`);
    assert.equal(sorting.stackUsed % 4096, 0);
  });
});

describe('what a callback throws', () => {
  it('is the error of the call, after C was given the failure value for this and every later callback', () => {
    const fault = new Error('no order');
    let compared = 0;
    using compare = callback(COMPARE, () => {
      compared++;
      throw fault;
    });
    using some = numbers(4, 3, 2, 1);
    assert.throws(
      () => blockOn(call(c.qsort, some, 4, 4, compare)),
      (error) => error === fault,
    );
    assert.throws(
      () => callNow(c.qsort, some, 4, 4, compare),
      (error) => error === fault,
    );
    assert.equal(compared, 2);
    assert.deepEqual(list(some), [4, 3, 2, 1]); // all equal, says the failure value
  });

  it('may come after it has waited', () => {
    using some = numbers(2, 1);
    using compare = callback(COMPARE, function* () {
      yield* sleep(1);
      if (some.size > 0) throw new PawlError('TIMEOUT', 'late');
      return 0;
    });
    assert.equal(
      codeOf(() => blockOn(call(c.qsort, some, 2, 4, compare))),
      'TIMEOUT',
    );
  });

  it('includes an answer of the wrong type', () => {
    using some = numbers(2, 1);
    for (const wrong of ['1', 1.5, null, undefined, 2 ** 40, Promise.resolve(1)]) {
      using compare = callback(COMPARE, () => wrong as never);
      assert.equal(
        codeOf(() => callNow(c.qsort, some, 2, 4, compare)),
        'BAD_ARGUMENT',
      );
    }
  });

  it('includes that it awaits the call that it is a part of', () => {
    using memory = numbers(2, 1);
    let whole: Future<void> | null = null;
    using compare = callback(COMPARE, function* compare() {
      yield* whole!;
      return 0;
    });
    const calling = call(c.qsort, memory, 2, 4, compare);
    whole = calling;
    assert.throws(() => blockOn(calling), { code: 'DEADLOCK', message: 'the call of qsort awaits itself' });
    assert.equal(callNow(c.abs, -1), 1);
  });

  it('in a plain call includes that it wants to wait', () => {
    using compare = callback(COMPARE, function* () {
      yield* yieldNow();
      return 0;
    });
    using some = numbers(2, 1);
    assert.equal(
      codeOf(() => callNow(c.qsort, some, 2, 4, compare)),
      'WOULD_BLOCK',
    );
  });
});

describe('cancelling a call', () => {
  it('cancels what its callback waits for, and waits until C has returned', () =>
    run(function* () {
      const log: string[] = [];
      using compare = callback(COMPARE, function* () {
        log.push('compare');
        try {
          yield* sleep(60_000);
        } finally {
          yield* sleep(1);
          log.push('cleaned up');
        }
        return 0;
      });
      using some = numbers(4, 3, 2, 1);
      const before = abandonedFibers();
      yield* race([call(c.qsort, some, 4, 4, compare), sleep(5)]);
      assert.deepEqual(log, ['compare', 'cleaned up']);
      assert.equal(abandonedFibers(), before);
      // The memory is C's no more: a pinned piece would survive its disposal.
      some[Symbol.dispose]();
      assert.equal(
        codeOf(() => some.read('int32')),
        'CLOSED',
      );
    }));

  it('before its first poll runs nothing', () => {
    using compare = callback(COMPARE, () => assert.fail('called'));
    using some = numbers(2, 1);
    const sorting = call(c.qsort, some, 2, 4, compare);
    blockOn(race([sleep(0), coroutine(function* () {})()]));
    assert.equal(sorting.cancel(undefined as never), undefined);
  });

  it('whose callback does not clean up in time lets C return all the same', () =>
    run(
      function* () {
        const before = abandonedFibers();
        using compare = callback(COMPARE, function* () {
          try {
            yield* sleep(60_000);
          } finally {
            yield* sleep(60_000);
          }
          return 0;
        });
        using some = numbers(2, 1);
        yield* race([call(c.qsort, some, 2, 4, compare), sleep(1)]);
        assert.equal(abandonedFibers(), before);
      },
      { cleanupTimeout: 5, onReport: () => {} },
    ));

  it('leaves C behind that goes on whatever it is answered, and says so', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', listen);
    const before = abandonedFibers();
    const reports: string[] = [];
    await run(
      function* () {
        using again = callback({ name: 'again', arguments: [], returns: 'void', failure: undefined }, () => {});
        yield* race([call(callsForEver(), again), sleep(1)]);
      },
      { cleanupTimeout: 5, onReport: ({ code }) => reports.push(code) },
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    assert.equal(abandonedFibers(), before + 1);
    assert.deepEqual(reports, ['CLEANUP_ABANDONED']);
    assert.match(
      warnings.join('\n'),
      /fiber "for ever" is abandoned: it went on although each of its callbacks failed/,
    );
  });
});

/** A function of machine code that calls its argument again and again. */
function callsForEver(): CFunction<readonly ['pointer'], 'void'> {
  const arch = currentArch();
  const code =
    arch === 'x64'
      ? [0x53, 0x48, 0x89, 0xfb, 0xff, 0xd3, 0xeb, 0xfc] // push %rbx; mov %rdi,%rbx; 1: call *%rbx; jmp 1b
      : [...word(0xaa0003f3), ...word(0xd63f0260), ...word(0x17ffffff)]; // mov x19, x0; 1: blr x19; b 1b
  const image = emitElf(arch, 'for-ever.so', [{ name: 'forEver', code: Uint8Array.from(code) }]);
  const [address] = loadAddresses(image, ['forEver']);
  return functionAt(Number(address) as Pointer, { name: 'for ever', arguments: ['pointer'], returns: 'void' });
}

describe('bad input', () => {
  it('is refused by a code', () => {
    using memory = new Memory(16);
    const some = callback(COMPARE, () => 0);
    some[Symbol.dispose]();
    const codes = [
      () => callNow(null as never),
      () => callNow((() => 0) as never),
      () => functionAt(null, { arguments: [], returns: 'void' }),
      () => callNow(c.abs, ...([] as unknown as [number])),
      () => callNow(c.abs, 1.5),
      () => callNow(c.abs, '1' as never),
      () => callNow(c.labs, 2n ** 63n),
      () => callNow(c.strlen, 'a\0b'),
      () => callNow(c.strlen, 7 as never),
      () => callNow(c.qsort, 'x' as never, 1, 4, null),
      () => callNow(c.qsort, memory, 4, 4, some),
      () => callWith({ stackSize: 100 }, c.abs, 1),
      () => library(null, { abs: { arguments: ['int31' as 'int32'], returns: 'int32' } }),
      () => library(null, { abs: { arguments: Array.from({ length: 21 }, () => 'int32' as const), returns: 'int32' } }),
      () => library(null, { no_such_function: { arguments: [], returns: 'void' } }),
      () => library({ name: 'libnowhere.so.7', package: 'libnowhere7' }, {}),
      () => callback(COMPARE, 'x' as never),
      () => callback({ ...COMPARE, failure: 0.5 }, () => 0),
      () => callback({ arguments: [], returns: 'string', failure: null }, () => null),
      () => peek('int32', null),
      () => memory.read('int32', 13),
      () => memory.read('string' as never),
      () => new Memory(0),
    ].map((attempt) => codeOf(attempt));
    assert.deepEqual(codes, [
      'NULL_POINTER',
      'BAD_ARGUMENT',
      'NULL_POINTER',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'CLOSED',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'FUNCTION_NOT_FOUND',
      'LIBRARY_NOT_FOUND',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'NULL_POINTER',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
    ]);
  });

  it('is refused wherever an address is expected, instead of being followed', () => {
    using memory = new Memory(16);
    const nothing = { arguments: [], returns: 'void' } as const;
    const attempts: readonly ((pointer: never) => unknown)[] = [
      (pointer) => functionAt(pointer, nothing),
      (pointer) => peek('int32', pointer),
      (pointer) => poke('int32', pointer, 1),
      (pointer) => offset(pointer, 4),
      (pointer) => copyBytes(pointer, 4),
      (pointer) => setBytes(pointer, new Uint8Array(4)),
    ];
    for (const attempt of attempts) {
      for (const nowhere of [null, 0])
        assert.equal(
          codeOf(() => attempt(nowhere as never)),
          'NULL_POINTER',
        );
      for (const none of [undefined, NaN, -8, 0.5, 2 ** 48, 8n, '8', {}, memory]) {
        assert.equal(
          codeOf(() => attempt(none as never)),
          'BAD_ARGUMENT',
          `${String(attempt)} of ${typeof none}`,
        );
      }
    }
    for (const none of [undefined, NaN, 8n, 'x'])
      assert.equal(
        codeOf(() => text(none as never)),
        'BAD_ARGUMENT',
      );
    for (const at of [NaN, 0.5, Infinity]) {
      assert.equal(
        codeOf(() => peek('int32', memory.pointer(), at)),
        'BAD_ARGUMENT',
      );
      assert.equal(
        codeOf(() => poke('int32', memory.pointer(), 1, at)),
        'BAD_ARGUMENT',
      );
    }
  });

  it('is refused by a code where types do not keep it away', () => {
    using memory = new Memory(16);
    const to = memory.pointer();
    const abs = (signature: unknown): unknown => library(null, { abs: signature } as never);
    const attempts: readonly (() => unknown)[] = [
      () => library('', {}),
      () => library(undefined as never, {}),
      () => library({} as never, {}),
      () => library(null, null as never),
      () => abs(undefined),
      () => abs({ returns: 'int32' }),
      () => abs({ arguments: 'int32', returns: 'int32' }),
      () => abs({ arguments: [5n], returns: 'int32' }),
      () => functionAt(to, null as never),
      () => callWith(null as never, c.abs, 1),
      () => callWith({ name: 5 as never }, c.abs, 1),
      () => callback(null as never, () => 0),
      () => callback({ ...COMPARE, name: 5 as never }, () => 0),
      () => redirect(null as never, () => 0),
      () => callNow(c.qsort, { addressForC: NaN }, 2, 4, null),
      () => peek('nothing' as never, to),
      () => peek('void' as never, to),
      () => poke('constructor' as never, to, 1 as never),
      () => memory.read('constructor' as never),
      () => setBytes(to, 'abc' as never),
      () => memory.set('abc' as never),
      () => Memory.of(new Uint16Array(2) as never),
      () => Memory.of(null as never),
      () => new HandmadeStack(null as never),
      () => new HandmadeStack('x', NaN),
      () => new RoundRobin().spawnLines(null as never),
      () => new RoundRobin().spawnLines([5 as never]),
      () => new RoundRobin().spawnLines(['x'], 2 ** 60),
    ];
    for (const attempt of attempts) assert.equal(codeOf(attempt), 'BAD_ARGUMENT', String(attempt));
  });

  it('a library that is missing is named with its package', () => {
    assert.throws(
      () => library({ name: 'libnowhere.so.7', package: 'libnowhere7' }, {}),
      /libnowhere\.so\.7 cannot be opened; on Debian: apt install libnowhere7/,
    );
  });
});

describe('the memory of a call', () => {
  it('is C’s until it has returned, although its owner disposes of it meanwhile', () =>
    run(function* () {
      const memory = numbers(3, 2, 1);
      const copy = new Memory(12);
      using compare = callback(COMPARE, function* (a, b) {
        memory[Symbol.dispose]();
        yield* sleep(1);
        // What takes memory now must not be given the same.
        using other = new Memory(12);
        other.set(new Uint8Array(12).fill(0xee));
        const answer = difference(a, b);
        assert.ok(Math.abs(answer) < 3);
        return answer;
      });
      yield* call(c.qsort, memory, 3, 4, compare);
      copy[Symbol.dispose]();
      assert.equal(
        codeOf(() => memory.pointer()),
        'CLOSED',
      );
    }));
});

describe('under forced collections', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' | 'major' }) => void;

  it('callbacks, their functions and what they wait for stay alive while C may call', () =>
    run(function* () {
      const open = openSlots();
      const sort = coroutine(function* (values: readonly number[]) {
        using memory = numbers(...values);
        {
          using compare = callback(COMPARE, function* (a, b) {
            collect();
            yield* sleep(0);
            collect({ type: 'minor' });
            return difference(a, b);
          });
          yield* call(c.qsort, memory, values.length, 4, compare);
        }
        return list(memory);
      });
      const sorted = yield* join([sort([3, 1, 2]), sort([9, 7, 8, 6])]);
      assert.deepEqual(sorted, [
        [1, 2, 3],
        [6, 7, 8, 9],
      ]);
      assert.equal(openSlots(), open);
    }));

  it('a call that is dropped while C stands still is reported, and its stack is not used again', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', listen);
    const before = abandonedFibers();
    using compare = callback(COMPARE, function* () {
      yield* sleep(1e9);
      return 0;
    });
    using some = numbers(2, 1);
    drop(compare, some);
    for (let i = 0; i < 50 && abandonedFibers() === before; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(abandonedFibers(), before + 1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    assert.match(warnings.join('\n'), /fiber "dropped" is abandoned: .*qsort will never return/);
  });

  function drop(compare: Parameters<typeof call>[1] & object, some: Memory): void {
    const sorting = callWith({ name: 'dropped' }, c.qsort, some, 2, 4, compare as never);
    const context = {
      waker: { wake: () => {} },
      runtime: { budget: 10, driver: { refresh: () => 0, timers: { insert: () => {}, cancel: () => {} } } },
      overdue: false,
      task: {},
    };
    sorting.poll(context as never);
  }
});

it('a timeout stops a call and leaves nothing', () => {
  using compare = callback(COMPARE, function* () {
    yield* sleep(60_000);
    return 0;
  });
  using some = numbers(2, 1);
  assert.equal(
    codeOf(() => blockOn(timeout(2, call(c.qsort, some, 2, 4, compare)))),
    'TIMEOUT',
  );
});
