/**
 * Jobs: the smallest client a driver can have, so that drivers are tested without the executor above them. A job is a generator that
 * yields polls: each is repeated when its waker is woken, and the job goes on with what it returns or throws.
 */
import assert from 'node:assert/strict';
import type { Driver, DriverClient, DriverHolder, TimerEntry } from '../../src/driver/driver.ts';
import type { Context, Waker } from '../../src/future/context.ts';
import { PENDING, type Poll } from '../../src/future/poll.ts';

type Step = (cx: Context) => Poll<unknown>;
export type Job<T = void> = Generator<Step, T, unknown>;

/** Waits, in a job, until a poll is done. */
export function* until<T>(poll: (cx: Context) => Poll<T>): Generator<Step, T, unknown> {
  return (yield poll) as T;
}

/** A context that is its own waker. What concerns the executor is not there: no leaf of a driver asks for it. */
abstract class WakingContext implements Context, Waker {
  readonly task: object = this;
  readonly overdue = false;
  abstract readonly runtime: DriverHolder;

  get waker(): Waker {
    return this;
  }

  abstract wake(): void;

  nursery(): never {
    assert.fail('nothing can be spawned here');
  }

  collect(error: unknown): never {
    throw error;
  }

  armCleanup(): never {
    assert.fail('there is no cleanup here');
  }

  reportOverrun(): void {}
}

/** A context for polls made by hand; `woken` counts. */
export class HandContext extends WakingContext implements DriverHolder {
  readonly driver: Driver;
  readonly runtime = this;
  woken = 0;

  constructor(driver: Driver) {
    super();
    this.driver = driver;
  }

  wake(): void {
    this.woken++;
  }
}

class Running extends WakingContext {
  readonly runtime: DriverHolder;
  queued = false;
  ended = false;
  readonly #job: Job<unknown>;
  readonly #client: JobClient;
  #step: Step | undefined;

  constructor(client: JobClient, job: Job<unknown>) {
    super();
    this.#client = client;
    this.#job = job;
    this.runtime = client;
  }

  wake(): void {
    if (this.queued || this.ended) return;
    this.queued = true;
    this.#client.enqueue(this);
  }

  run(): void {
    this.queued = false;
    let input: { value: unknown } | { error: unknown } = { value: undefined };
    try {
      for (;;) {
        if (this.#step !== undefined) {
          try {
            const value = this.#step(this);
            if (value === PENDING) return;
            input = { value };
          } catch (error) {
            input = { error };
          }
        }
        const result = 'error' in input ? this.#job.throw(input.error) : this.#job.next(input.value);
        if (result.done === true) break;
        this.#step = result.value;
      }
      this.#client.end(this);
    } catch (error) {
      this.#client.end(this, error);
    }
  }
}

/** Runs jobs. */
export class JobClient implements DriverClient, DriverHolder {
  readonly driver: Driver;
  strandings = 0;
  readonly #queue: Running[] = [];
  readonly #live = new Set<Running>();
  #failure: { error: unknown } | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(driver: Driver) {
    this.driver = driver;
  }

  get jobs(): number {
    return this.#live.size;
  }

  add(...jobs: Job<unknown>[]): void {
    for (const job of jobs) {
      const running = new Running(this, job);
      if (this.#live.size === 0) this.driver.attach(this);
      this.#live.add(running);
      running.wake();
    }
  }

  /** Runs the jobs, and nothing of Node's, until all have ended. Throws the first failure. */
  block(...jobs: Job<unknown>[]): void {
    this.add(...jobs);
    this.driver.block(this, () => this.#live.size === 0 || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Runs the jobs beside Node's loop until all have ended. Rejects with the first failure. */
  async run(...jobs: Job<unknown>[]): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      this.add(...jobs);
    });
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  enqueue(job: Running): void {
    this.#queue.push(job);
    this.driver.schedule(this);
  }

  end(job: Running, ...failure: [error?: unknown]): void {
    job.ended = true;
    this.#live.delete(job);
    if (failure.length > 0) this.#failure ??= { error: failure[0] };
    if (this.#live.size === 0) this.driver.detach(this);
    if (this.#live.size === 0 || this.#failure !== undefined) this.#whenIdle?.();
  }

  turn(limit: number): number {
    for (let polls = 0; polls < limit && this.#queue.length > 0; polls++) this.#queue.shift()!.run();
    return this.#queue.length;
  }

  stranded(): void {
    this.strandings++;
  }
}

/** A timer that wakes the job that waits for it. */
export class TestTimer implements TimerEntry {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  fired = 0;
  #waker: Waker | undefined;

  onTimer(): void {
    this.fired++;
    this.#waker?.wake();
  }

  poll(cx: Context): Poll<void> {
    if (this.fired > 0) return undefined;
    this.#waker = cx.waker;
    return PENDING;
  }
}

/** Sleeps, in a job. */
export function* pause(driver: Driver, ms: number): Job {
  const timer = new TestTimer();
  driver.timers.insert(timer, driver.now() + ms);
  yield* until((cx) => timer.poll(cx));
}

/** What the rule for errors asks of a system error: code, errno, syscall, and whom it was about. */
export function isSystemError(code: string, syscall: string, port?: number): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error);
    const { code: actual, errno, syscall: call, port: about } = error as Error & Record<string, unknown>;
    assert.equal(actual, code, String(error));
    assert.equal(call, syscall);
    assert.equal(typeof errno, 'number');
    assert.ok((errno as number) < 0);
    if (port !== undefined) assert.equal(about, port);
    return true;
  };
}

/** The error with which a poll ends, in a job. */
export function* failure(poll: (cx: Context) => Poll<unknown>): Job<unknown> {
  try {
    yield* until(poll);
  } catch (error) {
    return error;
  }
  return assert.fail('the poll did not fail');
}
