/**
 * The dump: a snapshot as text, for people.
 *
 * What must hold: the format is stable, and tests compare it. One entry a task, children indented below their parent:
 *
 * ```text
 * - #1 main [waiting 1.2 s], spawned at /app/main.ts:40:7
 *     in main at /app/main.ts:31:12
 *     in serve at /app/main.ts:22:5
 *     waits for the first of 3, 2 pending
 *       0: in accept at /app/main.ts:12:3
 *          waits for a connection to 127.0.0.1:8080
 *       2: waits for sleep, due in 3.1 s
 *   - #2 writer [waiting 420 ms, daemon], spawned at /app/main.ts:24:9
 *       in writer at /app/main.ts:15:20
 *       waits for the end of task "reader", held by #3 reader
 * ```
 *
 * An `in` line is a coroutine, or another future that awaits the next line's; its place is where it is suspended now. A `waits for` line
 * is where the chain ends. `[waiting, for how long is unknown]` is what production mode says, which reads no clock at a poll; the next
 * dump then says `[waiting 5.0 s at least]` of what has not moved since.
 */
import type { AwaitSnapshot, TaskSnapshot } from './snapshot.ts';

/** The whole text, without a line feed at its end; empty when there are no tasks. */
export function dumpText(tasks: readonly TaskSnapshot[]): string {
  const lines: string[] = [];
  for (const task of tasks) dumpTask(task, '', lines);
  return lines.join('\n');
}

function dumpTask(task: TaskSnapshot, indent: string, lines: string[]): void {
  const { id, name, site, awaits, children } = task;
  lines.push(`${indent}- #${id} ${name} [${stateOf(task)}]${site === undefined ? '' : `, spawned at ${site}`}`);
  for (const line of awaitLines(awaits)) lines.push(`${indent}    ${line}`);
  for (const child of children) dumpTask(child, `${indent}  `, lines);
}

function stateOf({ state, waited, daemon }: TaskSnapshot): string {
  let text: string = state;
  if (waited !== undefined) text += ` ${duration(waited.ms)}${waited.exact ? '' : ' at least'}`;
  else if (state === 'waiting' || state === 'cancelling') text += ', for how long is unknown';
  return daemon ? `${text}, daemon` : text;
}

function awaitLines(awaits: readonly AwaitSnapshot[]): string[] {
  const lines: string[] = [];
  for (const one of awaits) {
    lines.push(awaitLine(one));
    for (const { name, awaits: inner } of one.branches) {
      const margin = ' '.repeat(name.length + 2);
      for (const [at, line] of awaitLines(inner).entries()) lines.push(`  ${at === 0 ? `${name}: ` : margin}${line}`);
    }
  }
  return lines;
}

function awaitLine({ name, leaf, line, dueIn, holders }: AwaitSnapshot): string {
  if (!leaf) return `in ${name}${line === undefined ? '' : ` at ${line}`}`;
  const due = dueIn === undefined ? '' : `, due in ${duration(dueIn)}`;
  const held = holders.map((holder) => (holder.id === undefined ? holder.name : `#${holder.id} ${holder.name}`));
  return `waits for ${name}${due}${held.length === 0 ? '' : `, held by ${held.join(' and ')}`}`;
}

/** `420 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms === Infinity) return 'all eternity';
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
