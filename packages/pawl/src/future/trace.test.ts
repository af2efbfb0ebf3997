import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, play } from '../../test/support/world.ts';
import {
  coroutine,
  type Future,
  join,
  map,
  race,
  scope,
  sleep,
  spawn,
  type Steps,
  supervise,
  timeout,
  yieldNow,
} from '../index.ts';

const inner = coroutine(function* inner(turns: number): Steps<void> {
  for (let turn = 0; turn < turns; turn++) yield* yieldNow();
  throw new Error('expected');
});
const middle = coroutine(function* middle(turns: number) {
  yield* inner(turns);
});
function* second(turns: number) {
  yield* middle(turns);
}
function* first(turns: number) {
  yield* second(turns);
}
const outer = coroutine(function* outer(turns: number) {
  yield* first(turns);
});

/** The functions' names of a stack, checked to point into this file with line and column, machinery excluded. */
function names(error: unknown): string[] {
  return (error as Error).stack!.split('\n').flatMap((line) => {
    if (!line.startsWith('    at ')) return [];
    if (line.startsWith('    at task '))
      return [line.replace(/^ {4}at (task \w+) \(spawned at .*\/(?:trace\.test|world)\.ts:\d+:\d+\)$/, '$1')];
    assert.match(line, /^ {4}at \w+ \(.*trace\.test\.ts:\d+:\d+\)$/, (error as Error).stack ?? '');
    return [line.slice(7, line.indexOf(' ('))];
  });
}

const chain = ['inner', 'middle', 'second', 'first', 'outer'];
const boundaries: Record<string, { main: (turns: number) => Future<unknown>; expected: string[] }> = {
  'plain awaits and helpers': { main: outer, expected: chain },
  race: {
    main: coroutine(function* main(turns: number) {
      yield* race([outer(turns), sleep(9)]);
    }),
    expected: [...chain, 'main'],
  },
  join: {
    main: coroutine(function* main(turns: number) {
      yield* join([sleep(9), outer(turns)]);
    }),
    expected: [...chain, 'main'],
  },
  timeout: {
    main: coroutine(function* main(turns: number) {
      yield* timeout(9, outer(turns));
    }),
    expected: [...chain, 'main'],
  },
  map: {
    main: coroutine(function* main(turns: number) {
      yield* map(outer(turns), () => 1);
    }),
    expected: [...chain, 'main'],
  },
  scope: {
    main: coroutine(function* main(turns: number) {
      yield* scope(function* body() {
        yield* outer(turns);
      });
    }),
    expected: [...chain, 'body', 'main'],
  },
  'a spawned task': {
    main: coroutine(function* main(turns: number) {
      yield* scope(function* body() {
        spawn(outer(turns), { name: 'child' });
        yield* sleep(9);
      });
    }),
    expected: [...chain, 'task child', 'main'],
  },
  'a handle': {
    main: coroutine(function* main(turns: number) {
      yield* supervise(function* body(s) {
        const child = s.spawn(outer(turns));
        yield* child;
      });
    }),
    expected: [...chain, 'task outer', 'body', 'main'],
  },
  'a handle of a task that has ended': {
    main: coroutine(function* main(turns: number) {
      yield* supervise(function* body(s) {
        const child = s.spawn(outer(turns));
        yield* sleep(9);
        yield* child;
      });
    }),
    expected: [...chain, 'task outer', 'body', 'main'],
  },
};

for (const [name, { main, expected }] of Object.entries(boundaries))
  for (const turns of [0, 1, 3])
    test(`a stack names each coroutine and its line through ${name}, after ${turns} suspensions`, () => {
      assert.deepEqual(names(failure(main(turns), { mode: 'development' })), [...expected, `task ${main.name}`]);
    });

test('in production mode the stack ends with the outermost coroutine', () => {
  assert.deepEqual(names(failure(outer(2), { mode: 'production' })), chain);
});

/** The line that calls it. */
function lineHere(): number {
  return Number(/trace\.test\.ts:(\d+):/.exec(new Error('here').stack?.split('\n')[2] ?? '')?.[1]);
}

test('the line is that of the await which failed, not of an earlier one', () => {
  let before = 0;
  for (const turns of [0, 1, 3]) {
    const main = coroutine(function* main() {
      yield* yieldNow();
      before = lineHere();
      yield* inner(turns);
      yield* yieldNow();
    });
    const line = (failure(main()) as Error).stack?.split('\n').find((text) => text.includes('at main ('));
    assert.equal(Number(/:(\d+):\d+\)$/.exec(line ?? '')?.[1]), before + 1);
  }
});

test('an error that is thrown ten thousand times does not grow without bound', () => {
  const error = new Error('expected');
  const fails = coroutine(function* fails(turns: number): Steps<void> {
    for (let turn = 0; turn < turns; turn++) yield* yieldNow();
    throw error;
  });
  const deep = coroutine(function* deep(depth: number, turns: number): Steps<void> {
    yield* depth === 0 ? fails(turns) : deep(depth - 1, turns);
  });
  play(function* () {
    for (let time = 0; time < 10_000; time++) {
      try {
        yield* deep(time % 5, time % 3);
      } catch (thrown) {
        assert.equal(thrown, error);
      }
    }
  });
  assert.ok(error.stack!.split('\n').length < 100);
});

for (const [name, error] of Object.entries({
  'a frozen error': Object.freeze(new Error('expected')),
  'an error whose stack cannot be read': Object.defineProperty(new Error('expected'), 'stack', {
    get() {
      throw new Error('no stack');
    },
  }),
  'an error without a stack': Object.assign(new Error('expected'), { stack: undefined }),
  'an object': {},
  undefined: undefined,
}))
  test(`${name} passes through awaits unchanged`, () => {
    const fails = coroutine(function* (turns: number) {
      for (let turn = 0; turn < turns; turn++) yield* yieldNow();
      throw error;
    });
    for (const turns of [0, 1, 3]) {
      assert.equal(
        failure(function* () {
          yield* coroutine(function* () {
            yield* fails(turns);
          })();
        }),
        error,
      );
    }
  });

test('what a program makes of stacks itself does no harm', () => {
  const { stackTraceLimit } = Error;
  Error.prepareStackTrace = (_error, sites) => sites;
  Error.stackTraceLimit = 0;
  try {
    assert.equal((failure(outer(2)) as Error).message, 'expected');
    assert.equal(Error.stackTraceLimit, 0);
  } finally {
    delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test('no stack is written out before it is read, and what a program assigns to it stays', () => {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  let written = 0;
  Error.prepareStackTrace = (error, sites) => {
    written++;
    return [
      String(error),
      ...sites.map(
        (site) => `    at ${site.getFunctionName() ?? '?'} (${site.getFileName() ?? '?'}:${site.getLineNumber()}:1)`,
      ),
    ].join('\n');
  };
  try {
    const error = failure(outer(1)) as Error;
    assert.equal(written, 0);
    assert.match(error.stack ?? '', /inner [^]*middle [^]*outer /);
    assert.ok(written > 0);
    error.stack = 'mine';
    assert.equal(error.stack, 'mine');
    assert.deepEqual(Object.keys(error), []);
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  }
});
