/**
 * The HTTP suite: servers and clients, CPU time for each request, p99 of the latency, memory of idle connections.
 *
 * To look closer at one contender, put it alone under the same load, with flags for its runtime after `--`; it ends by itself, so that
 * profiles get written (`node` is the project's, see CONTRIBUTING.md). It prints a line a second, for `--seconds 5` by default:
 *
 *   node --conditions=pawl-source bench/http/one.ts direct Pawl --measure 1 -- --cpu-prof --cpu-prof-dir=tmp/profile
 *   node --conditions=pawl-source bench/http/one.ts hono @hono/node-server
 *   node --conditions=pawl-source bench/http/one.ts client 'undici request'
 *
 * What must hold: everybody answers the same question with the same status, type, length, date and body, and is asked for that before it is
 * timed. Servers have one core and the load generator the other; where the machine has no two, the notes say so.
 */
import { findPin, Programs } from '../harness/machine.ts';
import type { Row } from '../harness/row.ts';
import type { Suite } from '../harness/suite.ts';
import { contests, IDLE } from './contests.ts';
import { runContest } from './contest.ts';
import { idleMemory } from './idle.ts';
import { installPeers } from './peers.ts';

const NAME = 'http';

export const http: Suite = {
  name: NAME,
  about: 'HTTP server and client against node:http, @hono/node-server, fastify, Bun, Deno, undici and a server in C',
  async run(options) {
    const programs = Programs.compile(import.meta.url);
    if (typeof programs === 'string') throw new Error(`the load generator is written in C: ${programs}`);
    using _clean = programs;
    const uninstalled = installPeers((text) => options.progress(text));
    if (uninstalled !== undefined) options.note(uninstalled);
    const { pin, missing } = findPin();
    if (missing !== undefined) options.note(missing);
    options.note(
      'CPU time of all threads of a process for each request; medians of alternating rounds; NODE_ENV=production.',
    );
    const bench = { programs, pin };
    const { direct, hono, client } = contests(bench);
    const rows: Row[] = [];
    for (const contest of [direct, hono, client]) rows.push(...(await runContest(NAME, bench, contest, options)));
    const weighed = Object.fromEntries(IDLE.map((name) => [name, direct.starts[name]!]));
    rows.push(...(await idleMemory(NAME, bench, weighed, options)));
    return rows;
  },
};
