/** A server on the loopback interface, for ordinary async code, and the check that nothing of it is left. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type DirectOptions, type FetchOptions, serve, type Server } from 'pawl/http';
import { defaultDriver } from '../../src/driver/default.ts';
import { RawClient } from './raw-client.ts';

export interface Real {
  readonly server: Server;
  /** Errors that the server told. */
  readonly errors: unknown[];
  readonly connect: () => Promise<RawClient>;
}

/** What is open in this process. */
function census(): Record<string, number> {
  const { descriptors, timers, waiting } = defaultDriver().metrics;
  return { descriptors, timers, waiting };
}

/** How many descriptors the process has. */
export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/**
 * Runs a server and a test of it; then the server is closed, and as many descriptors, timers and wakers must be there as before. Errors that it
 * has told fail the test unless it takes them out.
 */
export async function realServer(
  options: DirectOptions | FetchOptions,
  test: (real: Real) => Promise<void>,
): Promise<void> {
  const before = census();
  const errors: unknown[] = [];
  const clients: RawClient[] = [];
  const server = await serve({ onError: (error) => errors.push(error), ...options });
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(server.port);
    clients.push(client);
    return client;
  };
  try {
    await test({ server, errors, connect });
  } finally {
    for (const client of clients) client[Symbol.dispose]();
    await server.close({ deadline: 2000 });
  }
  assert.equal(server.connectionCount, 0);
  assert.deepEqual(census(), before, 'what is open before and after');
  assert.deepEqual(errors, [], 'errors that nobody expected');
}
