/**
 * The programs that the suite compares, and how each is started. A server prints its port, a client is described in `client.ts`; both end
 * with their standard input (the C server with the process that started it).
 */
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../harness/child.ts';
import { binaryOf, packageAbsent } from './peers.ts';

/** How to start a contender, with more flags for its runtime; or why that cannot be. */
export type Start =
  | { readonly command: (flags?: readonly string[]) => readonly string[] }
  | { readonly absent: string };

export const OURS = 'Pawl';
export const C = 'C, epoll';
export const NODE = 'node:http';
export const FASTIFY = 'fastify';
export const HONO = '@hono/node-server';
export const BUN = 'Bun.serve';
export const DENO = 'Deno.serve';
export const UNDICI = 'undici request';
export const AGENT = 'node:http Agent';
export const FETCH = 'fetch';

type Starts = Readonly<Record<string, Start>>;

/** Servers whose handler answers "Hello, World!" itself; `c` is the compiled C server. */
export function directServers(c: string): Starts {
  return {
    [OURS]: node('server-pawl.ts', ['direct']),
    [C]: { command: () => [c] },
    [NODE]: node('server-node.ts'),
    [FASTIFY]: node('peers/server-fastify.js', [], ['fastify']),
    [BUN]: bun('direct'),
    [DENO]: deno('direct'),
  };
}

/** Servers of one Hono application, or (fastify, node:http) of the same two routes without it. */
export function honoServers(): Starts {
  return {
    [OURS]: node('server-pawl.ts', ['hono'], ['hono']),
    [HONO]: node('peers/server-hono.js', [], ['hono', '@hono/node-server']),
    [FASTIFY]: node('peers/server-fastify.js', [], ['fastify']),
    [NODE]: node('server-node.ts'),
    [BUN]: bun('hono'),
    [DENO]: deno('hono'),
  };
}

export function clients(): Starts {
  return {
    [OURS]: node('client-pawl.ts'),
    [UNDICI]: node('peers/client-undici.js', [], ['undici']),
    [AGENT]: node('client-node.ts', ['agent']),
    [FETCH]: node('client-node.ts', ['fetch']),
  };
}

function node(file: string, args: readonly string[] = [], packages: readonly string[] = []): Start {
  const reasons = packages.map(packageAbsent).filter((reason) => reason !== undefined);
  if (reasons.length > 0) return { absent: reasons.join(', ') };
  return { command: (flags = []) => [process.execPath, ...NODE_FLAGS, ...flags, path(file), ...args] };
}

function bun(handler: string): Start {
  const binary = binaryOf('bun');
  if (binary === undefined) return { absent: 'the binary of Bun is not installed for this machine' };
  return { command: (flags = []) => [binary, ...flags, path('peers/server-bun.js'), handler] };
}

function deno(handler: string): Start {
  const binary = binaryOf('deno');
  if (binary === undefined) return { absent: 'the binary of Deno is not installed for this machine' };
  const environment = ['env', 'DENO_NO_UPDATE_CHECK=1', `DENO_DIR=${path('peers/node_modules/.deno')}`];
  const permissions = ['--allow-net=127.0.0.1', '--allow-env', '--allow-read', '--no-remote', '--no-prompt'];
  const run = [...environment, binary, 'run', ...permissions, '--node-modules-dir=manual'];
  return { command: (flags = []) => [...run, ...flags, path('peers/server-deno.js'), handler] };
}

function path(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
