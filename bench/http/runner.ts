/**
 * A started contender, and how a figure is got out of it: a server under the load generator, or a client with the C server before it.
 *
 * What must hold: the contender has one core and whatever it talks to has the other, where the machine has two.
 */
import type { Pin, Programs } from '../harness/machine.ts';
import { type Server, Talker } from '../harness/talker.ts';
import { check, HELLO, type Question } from './answers.ts';

export const CONNECTIONS = 64;
/** For a load generator's new connections. */
const WARM_MS = 50;

export interface Bench {
  readonly programs: Programs;
  readonly pin: Pin;
}

/** One thing that a contender is measured at. */
export interface Measure {
  readonly title: string;
  readonly question: Question;
  /** Requests under way over each connection. */
  readonly depth: number;
  /** The greatest ratio of CPU time allowed, by peer. */
  readonly bounds: Readonly<Record<string, number>>;
}

/** Of one run; times in ns, `user` what of `cpu` was not the kernel's (sampled: for long runs only), `p99` of a request's latency. */
export interface Figures {
  readonly requests: number;
  readonly cpu: number;
  readonly user: number;
  readonly wall: number;
  readonly p99: number;
}

export interface Runner extends AsyncDisposable {
  /** Throws what is wrong with it. */
  check(measure: Measure): Promise<void>;
  run(measure: Measure, ms: number): Promise<Figures>;
  /** Lets it end by itself. */
  finish(): Promise<void>;
}

export type Launch = (bench: Bench, name: string, command: readonly string[]) => Promise<Runner>;

/** Starts a server, pinned, and waits for its port. */
export async function startServer(
  { pin }: Bench,
  name: string,
  command: readonly string[],
  core = 0,
): Promise<{ readonly server: Server; readonly talker: Talker }> {
  const talker = new Talker(name, pin(core, command));
  try {
    const line = await talker.line();
    const port = Number(line);
    if (!(port > 0)) throw new Error(`${name} printed ${JSON.stringify(line)} instead of its port`);
    return { talker, server: { name, port, pid: talker.pid, complaint: () => talker.complaint() } };
  } catch (error) {
    await talker[Symbol.asyncDispose]();
    throw error;
  }
}

/** The load generator's command line. */
export function loadCommand({ programs, pin }: Bench, ...args: readonly (string | number)[]): readonly string[] {
  return pin(1, [programs.load, ...args.map(String)]);
}

/** What the load generator has to say; where it fails, the server may know why. */
export async function answerOf(load: Talker, server: Server): Promise<string> {
  try {
    return await load.line();
  } catch (error) {
    throw new Error(`${(error as Error).message.trim()}${server.complaint()}`, { cause: error });
  }
}

export const launchServer: Launch = async (bench, name, command) => {
  const { server, talker } = await startServer(bench, name, command);
  return {
    check: ({ question }) => check(server.port, question),
    async run({ question, depth }, ms) {
      // So many that a fast server's run is not longer than it need be: the last of its latencies is what they are sorted for.
      const requests = 100 * ms * depth;
      const { target, body } = question;
      const args = ['run', server.port, server.pid, CONNECTIONS, depth, WARM_MS, requests, ms, target, body];
      await using load = new Talker('the load generator', loadCommand(bench, ...args));
      return JSON.parse(await answerOf(load, server)) as Figures;
    },
    finish: () => talker.finish(),
    [Symbol.asyncDispose]: () => talker[Symbol.asyncDispose](),
  };
};

/** The C server has a core of its own and is faster than every client. */
export const launchClient: Launch = async (bench, name, command) => {
  const { server, talker: upstream } = await startServer(bench, 'the C server', [bench.programs.server], 1);
  const client = new Talker(name, bench.pin(0, [...command, String(server.port)]));
  return {
    // It checks each answer itself.
    check: () => check(server.port, HELLO),
    async run(_measure, ms) {
      client.tell(String(ms));
      return JSON.parse(await client.line()) as Figures;
    },
    finish: () => client.finish(),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
};
