/**
 * The memory that an idle connection costs: what a server's own memory grows by when ten thousand connections have asked once each and
 * stay open. Fresh servers for each figure, because memory that was in use once may stay resident; warm ones, because code is no connection.
 */
import { descriptorLimit, uniqueMemory } from '../harness/machine.ts';
import { pairedRow, partialRow, type Row } from '../harness/row.ts';
import type { SuiteOptions } from '../harness/suite.ts';
import { Talker } from '../harness/talker.ts';
import { check, HELLO } from './answers.ts';
import { NODE, OURS, type Start } from './contenders.ts';
import { answerOf, type Bench, CONNECTIONS, loadCommand, startServer } from './runner.ts';

const IDLE_CONNECTIONS = 10_000;
const BOUNDS: Readonly<Record<string, number>> = { [NODE]: 0.35 };
/** For the server's own descriptors. */
const SPARE_DESCRIPTORS = 100;
const WARM_UP_MS = 400;
/** Until a server that has been busy, or has just accepted ten thousand connections, has nothing left to do. */
const SETTLE_MS = 800;
const ROUNDS = { full: 3, quick: 1 };

export async function idleMemory(
  suite: string,
  bench: Bench,
  starts: Readonly<Record<string, Start>>,
  options: SuiteOptions,
): Promise<Row[]> {
  const connections = Math.min(IDLE_CONNECTIONS, descriptorLimit() - SPARE_DESCRIPTORS);
  if (connections < IDLE_CONNECTIONS) {
    options.note(`${connections} idle connections instead of ${IDLE_CONNECTIONS}: the limit of descriptors is lower`);
  }
  const measure = `idle connection, ${connections} of them`;
  const rounds = ROUNDS[options.quick ? 'quick' : 'full'];
  const results = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, start] of Object.entries(starts)) {
      const figures = results.get(name) ?? [];
      // It has failed before.
      if (round > 0 && figures.length === 0) continue;
      options.progress(`${measure}, ${name}, ${round + 1} of ${rounds}`);
      try {
        figures.push(await weigh(bench, name, start, connections));
      } catch (error) {
        figures.length = 0;
        options.note(`${name} was not measured (${measure}): ${(error as Error).message}`);
      }
      results.set(name, figures);
    }
  }
  const ours = results.get(OURS)!;
  return Object.keys(starts)
    .filter((peer) => peer !== OURS)
    .map((peer) => {
      const theirs = results.get(peer)!;
      const bound = BOUNDS[peer];
      const identity = { suite, measure, unit: 'bytes', peer, ...(bound === undefined ? {} : { bound }) };
      return (ours.length > 0 && theirs.length > 0 ? pairedRow : partialRow)(identity, ours, theirs);
    });
}

/** Bytes for each connection. */
async function weigh(bench: Bench, name: string, start: Start, connections: number): Promise<number> {
  if ('absent' in start) throw new Error(start.absent);
  const { target, body } = HELLO;
  const { server, talker } = await startServer(bench, name, start.command());
  await using _server = talker;
  await check(server.port, HELLO);
  {
    const args = ['run', server.port, server.pid, CONNECTIONS, 1, 0, 100 * WARM_UP_MS, WARM_UP_MS, target, body];
    await using load = new Talker('the load generator', loadCommand(bench, ...args));
    await answerOf(load, server);
  }
  await sleep(SETTLE_MS);
  const before = uniqueMemory(server.pid);
  await using holder = new Talker(
    'the load generator',
    loadCommand(bench, 'hold', server.port, connections, target, body),
  );
  await answerOf(holder, server);
  await sleep(SETTLE_MS);
  const bytes = (uniqueMemory(server.pid) - before) / connections;
  holder.tell('how many?');
  const open = Number(await answerOf(holder, server));
  if (open !== connections) throw new Error(`only ${open} of ${connections} connections stayed open`);
  return bytes;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
