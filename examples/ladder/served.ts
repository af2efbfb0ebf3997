/** The delay server around a rung: on a thread of its own, its log printed at the end. */
import { startDelayServer, type DelayServerThread } from '../delay-server/thread.ts';

export interface ServedOptions {
  /** Whether the log is printed: not where several threads ask at once, in no order. Default true. */
  readonly log?: boolean;
}

/** Runs `rung` with a delay server, then prints the server's log. */
export async function served(
  rung: (server: DelayServerThread) => void | PromiseLike<void>,
  { log = true }: ServedOptions = {},
): Promise<void> {
  await using server = await startDelayServer();
  await rung(server);
  if (!log) return;
  console.log('\nthe server’s log:');
  for (const line of await server.close()) console.log(`  ${line}`);
}
