/** What is measured, between whom, and within which bounds. */
import { HELLO, USER } from './answers.ts';
import { BUN, C, clients, DENO, directServers, HONO, honoServers, NODE, UNDICI } from './contenders.ts';
import type { Contest } from './contest.ts';
import { type Bench, CONNECTIONS, launchClient, launchServer } from './runner.ts';

const PIPELINED = 16;

export function contests({ programs }: Bench): Readonly<Record<'direct' | 'hono' | 'client', Contest>> {
  return {
    direct: {
      starts: directServers(programs.server),
      launch: launchServer,
      measures: [
        {
          title: `direct "hello", ${CONNECTIONS} connections`,
          question: HELLO,
          depth: 1,
          bounds: { [C]: 1.4, [NODE]: 0.35, [BUN]: 0.75 },
        },
        { title: `the same, pipelined ${PIPELINED} deep`, question: HELLO, depth: PIPELINED, bounds: { [C]: 2.5 } },
      ],
    },
    hono: {
      starts: honoServers(),
      launch: launchServer,
      measures: [
        { title: 'Hono "hello"', question: HELLO, depth: 1, bounds: { [HONO]: 0.5 } },
        { title: 'Hono JSON, route parameter', question: USER, depth: 1, bounds: { [HONO]: 0.5 } },
      ],
    },
    client: {
      starts: clients(),
      launch: launchClient,
      measures: [{ title: `client, ${CONNECTIONS} concurrent`, question: HELLO, depth: 1, bounds: { [UNDICI]: 0.6 } }],
    },
  };
}

/** Whose idle connections are weighed: those over node:http cost what its own do. */
export const IDLE = ['Pawl', NODE, BUN, DENO] as const;
