/**
 * What a client contender does: told "MS" in a line, it keeps 64 requests under way for so long, reads and checks each answer, and prints
 * what that took it: {"requests":…,"cpu":…,"user":…,"wall":…,"p99":…} in ns, CPU time of all its threads. So it is warm when asked again.
 */
import { createInterface } from 'node:readline';

export const CONCURRENT = 64;

/** Of one turn: the end of it, and the latencies of its requests. */
export class Turn {
  readonly #end: number;
  readonly #latencies: number[] = [];

  constructor(ms: number) {
    this.#end = performance.now() + ms;
  }

  get going(): boolean {
    return performance.now() < this.#end;
  }

  /** Notes an answer to a request that began at `start` (of `performance.now`). */
  answered(start: number, status: number, body: string): void {
    if (status !== 200 || body !== 'Hello, World!') throw new Error(`answered ${status} ${JSON.stringify(body)}`);
    this.#latencies.push(performance.now() - start);
  }

  get requests(): number {
    return this.#latencies.length;
  }

  /** In ns. */
  get p99(): number {
    const sorted = Float64Array.from(this.#latencies).sort();
    return Math.round(sorted[Math.floor((sorted.length - 1) * 0.99)]! * 1e6);
  }
}

/** Takes turns until standard input ends; `work` ends when the turn is over and nothing is under way. */
export async function takeTurns(work: (turn: Turn) => Promise<void>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const turn = new Turn(Number(line));
    const wall = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    await work(turn);
    const spent = process.cpuUsage(cpu);
    const ended = process.hrtime.bigint();
    const times = { cpu: (spent.user + spent.system) * 1000, user: spent.user * 1000, wall: Number(ended - wall) };
    console.log(JSON.stringify({ requests: turn.requests, ...times, p99: turn.p99 }));
  }
  process.exit();
}

/** For clients that speak in promises: `one` asks once, and gives status and body. */
export function takeTurnsWith(one: () => Promise<readonly [status: number, body: string]>): Promise<void> {
  return takeTurns(async (turn) => {
    const worker = async (): Promise<void> => {
      while (turn.going) {
        const start = performance.now();
        turn.answered(start, ...(await one()));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, worker));
  });
}
