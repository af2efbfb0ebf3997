/**
 * KvClient: asks a group of replicas, whichever of them answers.
 *
 * What must hold: a command is sent again only where it is certain that it was not carried out. Where that is not known, so it says.
 */
import { coroutine, PawlError, sleep } from 'pawl';
import { Client, HttpError } from 'pawl/http';
import type { Command, Result } from './messages.ts';

/** Between two members that do not lead, in ms, and for one answer. */
const PAUSE = 20;
const TIMEOUT = 3000;

export class KvClient implements Disposable {
  private readonly members: readonly string[];
  private readonly client = new Client();
  private current: number;

  constructor(members: readonly string[]) {
    this.members = members;
    this.current = Math.floor(Math.random() * members.length);
  }

  /** What came of a command; null when nobody knows. It asks until somebody leads: put a `timeout` around it. */
  readonly ask = coroutine(function* (this: KvClient, command: Command) {
    const { path, ...options } = requestOf(command);
    for (;;) {
      try {
        const member = this.members[this.current] as string;
        const response = yield* this.client.request(`http://${member}${path}`, { ...options, timeout: TIMEOUT });
        if (response.status === 200) return (yield* response.json()) as Result;
        response.discard();
        if (response.status !== 503) return null;
      } catch (error) {
        if (!(error instanceof PawlError || error instanceof HttpError)) throw error;
        if (error.code !== 'ECONNREFUSED') {
          this.current = (this.current + 1) % this.members.length;
          return null;
        }
      }
      this.current = (this.current + 1) % this.members.length;
      yield* sleep(PAUSE);
    }
  });

  [Symbol.dispose](): void {
    this.client.close();
  }
}

function requestOf(command: Command): { readonly path: string; readonly method: string; readonly body?: string } {
  const path = `/kv/${encodeURIComponent(command.key)}`;
  if (command.op === 'get') return { path, method: 'GET' };
  if (command.op === 'set') return { path, method: 'POST', body: command.value };
  const query = command.from === null ? 'absent' : `from=${encodeURIComponent(command.from)}`;
  return { path: `${path}?${query}`, method: 'POST', body: command.value };
}
