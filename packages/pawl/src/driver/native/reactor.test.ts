import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Waker } from '../../future/context.ts';
import type { EventSelector } from '../../sys/queue/index.ts';
import { ERROR, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import { Reactor } from './reactor.ts';
import { Source } from './source.ts';

/** An operating system that reports what a test tells it to, and takes note of what it is asked. */
class ScriptedSelector implements EventSelector {
  readonly fd = -1;
  readonly capacity = 16;
  readonly log: string[] = [];
  readonly tokens = new Map<number, [low: number, high: number]>();
  addResult = 0;
  /** The next wait's result: events, or -errno. */
  next: (readonly [low: number, high: number, flags: number])[] | number = [];
  #events: (readonly [low: number, high: number, flags: number])[] = [];

  add(fd: number, low: number, high: number): number {
    this.log.push(`add ${fd}`);
    if (this.addResult === 0) this.tokens.set(fd, [low, high]);
    return this.addResult;
  }

  modify(): number {
    return 0;
  }

  remove(fd: number): number {
    this.log.push(`remove ${fd}`);
    return 0;
  }

  /** An event for whatever is registered for the descriptor now. */
  event(fd: number, flags: number): readonly [number, number, number] {
    return [...this.tokens.get(fd)!, flags];
  }

  waitRaw(): number {
    if (typeof this.next === 'number') return this.next;
    this.#events = this.next;
    this.next = [];
    return this.#events.length;
  }

  tokenLow(i: number): number {
    return this.#events[i]![0];
  }

  tokenHigh(i: number): number {
    return this.#events[i]![1];
  }

  flags(i: number): number {
    return this.#events[i]![2];
  }

  close(): void {}
}

class TestSource extends Source {
  readonly what = 'source of a test';
  readonly selector: ScriptedSelector;

  constructor(selector: ScriptedSelector, reactor: Reactor, fd: number) {
    super(reactor, fd, 0);
    this.selector = selector;
    reactor.register(this, true);
  }

  protected override closeDescriptor(fd: number): void {
    this.selector.log.push(`close ${fd}`);
  }
}

class Counter implements Waker {
  woken = 0;
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  wake(): void {
    this.woken++;
    this.#then();
  }
}

function setUp(): { selector: ScriptedSelector; reactor: Reactor; source: (fd: number) => TestSource } {
  const selector = new ScriptedSelector();
  const reactor = new Reactor(selector);
  return { selector, reactor, source: (fd) => new TestSource(selector, reactor, fd) };
}

test('an event sets the readiness and wakes the waker of its direction, once', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  const [reader, writer] = [new Counter(), new Counter()];
  target.storeReader(reader);
  target.storeWriter(writer);
  assert.equal(reactor.waiting, 2);
  selector.next = [selector.event(5, READABLE)];
  assert.equal(reactor.poll(0), 1);
  assert.equal(target.state, READABLE);
  assert.deepEqual([reader.woken, writer.woken, reactor.waiting], [1, 0, 1]);
  selector.next = [selector.event(5, READABLE | WRITABLE)];
  reactor.poll(0);
  assert.deepEqual([reader.woken, writer.woken, reactor.waiting], [1, 1, 0]);
});

test('a closing wakes both directions that it closes, and stays', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  const [reader, writer] = [new Counter(), new Counter()];
  target.storeReader(reader);
  target.storeWriter(writer);
  selector.next = [selector.event(5, READ_CLOSED | WRITE_CLOSED)];
  reactor.poll(0);
  assert.deepEqual([reader.woken, writer.woken], [1, 1]);
  target.clearReadable(target.readGeneration);
  target.clearWritable(target.writeGeneration);
  assert.equal(target.state, READ_CLOSED | WRITE_CLOSED);
});

test('an error wakes both directions, so that whoever calls next meets it', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  const [reader, writer] = [new Counter(), new Counter()];
  target.storeReader(reader);
  target.storeWriter(writer);
  selector.next = [selector.event(5, ERROR)];
  reactor.poll(0);
  assert.deepEqual([reader.woken, writer.woken], [1, 1]);
  assert.equal(target.state, READABLE | WRITABLE);
});

test('readiness that an event has renewed since the call began is not cleared', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  const { readGeneration, writeGeneration } = target;
  selector.next = [selector.event(5, READABLE | WRITABLE)];
  reactor.poll(0);
  target.clearReadable(readGeneration);
  target.clearWritable(writeGeneration);
  assert.equal(target.state, READABLE | WRITABLE);
  target.clearReadable(target.readGeneration);
  assert.equal(target.state, WRITABLE);
  target.clearWritable(target.writeGeneration);
  assert.equal(target.state, 0);
});

test('an event of one direction does not keep the readiness of the other', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  selector.next = [selector.event(5, READABLE | WRITABLE)];
  reactor.poll(0);
  const reads = target.readGeneration;
  selector.next = [selector.event(5, WRITABLE)];
  reactor.poll(0);
  target.clearReadable(reads);
  assert.equal(target.state, WRITABLE);
});

test('a late event of a closed descriptor does not reach who has its number and slot now', () => {
  const { selector, reactor, source } = setUp();
  const first = source(5);
  const late = selector.event(5, READABLE | WRITABLE);
  first.close();
  const second = source(5);
  assert.equal(second.slot, late[0], 'the slot is used again');
  const reader = new Counter();
  second.storeReader(reader);
  selector.next = [late];
  reactor.poll(0);
  assert.equal(reader.woken, 0);
  assert.equal(second.state, 0);
});

test('an event for nobody is passed over', () => {
  const { selector, reactor, source } = setUp();
  source(5).close();
  selector.next = [
    [0, 0, READABLE],
    [7, 0, READABLE],
  ];
  assert.equal(reactor.poll(0), 2);
});

test('a slot given back during a batch is used again after it only', () => {
  const { selector, reactor, source } = setUp();
  const first = source(5);
  const second = source(6);
  let replacement: TestSource | undefined;
  first.storeReader(
    new Counter(() => {
      second.close();
      replacement = source(6);
    }),
  );
  const freed = second.slot;
  selector.next = [selector.event(5, READABLE), selector.event(6, READABLE)];
  reactor.poll(0);
  assert.notEqual(replacement!.slot, freed);
  assert.equal(replacement!.state, 0);
  assert.equal(source(7).slot, freed);
});

test('a descriptor is deregistered before it is closed, and closed once', () => {
  const { selector, reactor, source } = setUp();
  const target = source(5);
  assert.equal(reactor.sources, 1);
  target.close();
  target.close();
  assert.deepEqual(selector.log, ['add 5', 'remove 5', 'close 5']);
  assert.equal(reactor.sources, 0);
});

test('a failed registration leaves nothing behind', () => {
  const { selector, reactor, source } = setUp();
  selector.addResult = -12;
  assert.throws(() => source(5), { code: 'ENOMEM', syscall: 'epoll_ctl' });
  assert.equal(reactor.sources, 0);
  selector.addResult = 0;
  assert.equal(source(5).slot, 0);
});

test('all events are recorded before the first waker is woken', () => {
  const { selector, reactor, source } = setUp();
  const first = source(5);
  const second = source(6);
  const seen: number[] = [];
  first.storeReader(new Counter(() => seen.push(second.state)));
  selector.next = [selector.event(5, READABLE), selector.event(6, WRITABLE)];
  reactor.poll(0);
  assert.deepEqual(seen, [WRITABLE]);
});

test('a waker that throws is reported and takes no wake-up with it', async () => {
  const { selector, reactor, source } = setUp();
  const broken = new Error('a broken waker');
  const reader = new Counter();
  source(5).storeReader(
    new Counter(() => {
      throw broken;
    }),
  );
  source(6).storeReader(reader);
  const warned: unknown[] = [];
  const listen = (warning: Error): void => void warned.push(warning);
  process.on('warning', listen);
  selector.next = [selector.event(5, READABLE), selector.event(6, READABLE)];
  reactor.poll(0);
  assert.equal(reader.woken, 1);
  await new Promise(setImmediate);
  process.off('warning', listen);
  assert.ok(warned.includes(broken));
});

test('an interrupted wait is no error, any other failure is', () => {
  const { selector, reactor } = setUp();
  selector.next = -4;
  assert.equal(reactor.poll(0), 0);
  selector.next = -9;
  assert.throws(() => reactor.poll(0), { code: 'EBADF', syscall: 'epoll_wait' });
});

test('tells when the first waker is stored and when the last is gone', () => {
  const { reactor, source } = setUp();
  const log: string[] = [];
  reactor.onLive = () => log.push('live');
  reactor.onQuiet = () => log.push('quiet');
  const target = source(5);
  target.storeReader(new Counter());
  target.storeWriter(new Counter());
  target.storeWriter(new Counter());
  target.takeReader();
  target.takeReader();
  target.takeWriter();
  assert.deepEqual(log, ['live', 'quiet']);
});
