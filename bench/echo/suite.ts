/**
 * The echo suite: the smallest TCP server there is, in Pawl, in C over epoll and over node:net, under the same load generator.
 *
 * What must hold: all servers of a round run at the same time and are asked in turn, so that a round's figures belong together; the idle
 * ones sleep. The server has one core, the load generator the other; where the machine has no two, the notes say so.
 */
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../harness/child.ts';
import { descriptorLimit, findPin, type Pin, Programs, uniqueMemory } from '../harness/machine.ts';
import { pairedRow, type Row } from '../harness/row.ts';
import type { Suite, SuiteOptions } from '../harness/suite.ts';
import { type Server, Talker } from '../harness/talker.ts';

const NAME = 'echo';
const OURS = 'Pawl';
const C = 'C, epoll';
const NET = 'node:net';
const ITERATED = 'node:net, iterated';
const PEERS = [C, NET, ITERATED];
const BOUNDS: Readonly<Record<string, number>> = { [C]: 1.35, [NET]: 0.65 };

const CONNECTIONS = 64;
const BYTES = 64;
const IDLE_CONNECTIONS = 10_000;
const IDLE_BOUND = 0.5;
/** For the server's own descriptors. */
const SPARE_DESCRIPTORS = 100;
const WARM_MS = 100;
/** Runs before the first that counts: JavaScript servers get faster through the first three (by a third: 9.2, 6.8, then 6.2 µs). */
const WARM_UPS = 4;
const WARM_UP_MS = 400;
/** Until a server that has just accepted ten thousand connections has nothing left to do. */
const SETTLE_MS = 1000;

const PLANS = {
  full: { generations: 4, rounds: 5, runMs: 900, idleRounds: 3 },
  quick: { generations: 1, rounds: 5, runMs: 500, idleRounds: 1 },
};

interface Bench {
  /** Command lines of the servers, by name. */
  readonly servers: ReadonlyMap<string, readonly string[]>;
  readonly load: readonly string[];
  readonly pin: Pin;
}

interface Load {
  readonly roundTrips: number;
  readonly cpu: number;
  readonly wall: number;
}

export const echo: Suite = {
  name: NAME,
  about: 'a TCP echo server against node:net and the same server in C over epoll',
  async run(options) {
    const programs = Programs.compile(import.meta.url);
    using _clean = typeof programs === 'string' ? undefined : programs;
    const { pin, missing } = findPin();
    if (missing !== undefined) options.note(missing);
    const servers = new Map([
      [OURS, nodeCommand('server-pawl.ts')],
      [NET, nodeCommand('server-net.ts', 'pipe')],
      [ITERATED, nodeCommand('server-net.ts', 'iterate')],
    ]);
    let load: readonly string[];
    if (typeof programs === 'string') {
      options.note(`the C server is left out, and a slower load generator stands in: ${programs}`);
      load = nodeCommand('load.ts');
    } else {
      servers.set(C, [programs.server]);
      load = [programs.load];
    }
    const bench = { servers, load, pin };
    return [...(await roundTrips(bench, options)), ...(await idleMemory(bench, options))];
  },
};

async function roundTrips(bench: Bench, options: SuiteOptions): Promise<Row[]> {
  const { generations, rounds, runMs } = PLANS[options.quick ? 'quick' : 'full'];
  const results = new Map([...bench.servers.keys()].map((name): [string, Load[]] => [name, []]));
  for (let generation = 0; generation < generations; generation++) {
    await using stack = new AsyncDisposableStack();
    const servers: [string, Server][] = [];
    for (const [name, command] of bench.servers) servers.push([name, await startServer(bench, stack, name, command)]);
    options.progress('round trips, warming up');
    for (let i = 0; i < WARM_UPS; i++) for (const [, server] of servers) await ask(bench, server, WARM_UP_MS);
    for (let round = 0; round < rounds; round++) {
      options.progress(`round trips, ${generation * rounds + round + 1} of ${generations * rounds}`);
      for (const [name, server] of servers) results.get(name)!.push(await ask(bench, server, runMs));
    }
  }
  const measure = `round trip, ${CONNECTIONS} connections`;
  return rowsAgainstPeers(results, (ours, theirs, peer) => {
    const row = (unit: string, figure: (load: Load) => number, bound?: number): Row =>
      pairedRow(
        { suite: NAME, measure, unit, peer, ...(bound === undefined ? {} : { bound }) },
        ours.map(figure),
        theirs.map(figure),
      );
    return [
      row('ns CPU', ({ cpu, roundTrips }) => cpu / roundTrips, BOUNDS[peer]),
      row('ns wall', ({ wall, roundTrips }) => wall / roundTrips),
      row('per second', ({ wall, roundTrips }) => (roundTrips / wall) * 1e9),
    ];
  });
}

/** Fresh servers for each figure: memory that was in use once may stay resident. */
async function idleMemory(bench: Bench, options: SuiteOptions): Promise<Row[]> {
  const { idleRounds: rounds, runMs } = PLANS[options.quick ? 'quick' : 'full'];
  // One node:net server is enough here: iterating costs memory of its own.
  const servers = [...bench.servers].filter(([name]) => name !== ITERATED);
  const results = new Map(servers.map(([name]): [string, number[]] => [name, []]));
  const connections = Math.min(IDLE_CONNECTIONS, descriptorLimit() - SPARE_DESCRIPTORS);
  if (connections < IDLE_CONNECTIONS) {
    options.note(
      `${connections} idle connections instead of ${IDLE_CONNECTIONS}: the limit of descriptors allows no more`,
    );
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of servers) {
      options.progress(`idle connections, ${name}, ${round + 1} of ${rounds}`);
      await using stack = new AsyncDisposableStack();
      const server = await startServer(bench, stack, name, command);
      await ask(bench, server, runMs);
      await sleep(SETTLE_MS);
      const before = uniqueMemory(server.pid);
      const args = ['hold', server.port, connections, BYTES].map(String);
      const holder = stack.use(new Talker('load generator', bench.pin(1, [...bench.load, ...args])));
      await answer(holder, server);
      await sleep(SETTLE_MS);
      results.get(name)!.push((uniqueMemory(server.pid) - before) / connections);
    }
  }
  const identity = { suite: NAME, measure: `idle connection, ${connections} of them`, unit: 'bytes' };
  return rowsAgainstPeers(results, (ours, theirs, peer) => [
    pairedRow({ ...identity, peer, ...(peer === NET ? { bound: IDLE_BOUND } : {}) }, ours, theirs),
  ]);
}

/** Load on one server for so long. */
async function ask(bench: Bench, server: Server, runMs: number): Promise<Load> {
  const args = ['run', server.port, server.pid, CONNECTIONS, BYTES, WARM_MS, runMs].map(String);
  await using load = new Talker('load generator', bench.pin(1, [...bench.load, ...args]));
  return JSON.parse(await answer(load, server)) as Load;
}

/** What the load generator has to say; where it fails, the server may know why. */
async function answer(load: Talker, server: Server): Promise<string> {
  try {
    return await load.line();
  } catch (error) {
    throw new Error(`the server was ${server.name}${server.complaint()}`, { cause: error });
  }
}

async function startServer(
  bench: Bench,
  stack: AsyncDisposableStack,
  name: string,
  command: readonly string[],
): Promise<Server> {
  const talker = stack.use(new Talker(`echo server (${name})`, bench.pin(0, command)));
  const port = Number(await talker.line());
  return { name, port, pid: talker.pid, complaint: () => talker.complaint() };
}

function rowsAgainstPeers<T>(
  results: ReadonlyMap<string, readonly T[]>,
  rows: (ours: readonly T[], theirs: readonly T[], peer: string) => Row[],
): Row[] {
  const ours = results.get(OURS)!;
  return PEERS.flatMap((peer) => {
    const theirs = results.get(peer);
    return theirs === undefined ? [] : rows(ours, theirs, peer);
  });
}

function nodeCommand(file: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, ...NODE_FLAGS, fileURLToPath(new URL(file, import.meta.url)), ...args];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
