/**
 * Timeline: what happened in a world, as text for people.
 *
 * What must hold: the format is stable, and tests compare it. One line for each entry, of at most {@link MOST_LINES}; what is left out is
 * counted where it was. A star stands before a choice that was not the plain one.
 *
 * ```text
 *        0.000 ms  main    #1 scenario waits for the end of task "deposit" at orders.test.ts:21:12
 *   *    0.000 ms          which task is polled: 1 of 0…1
 *        …                 12 more
 *       20.513 ms  server  5 bytes from main
 * ```
 */

/** One thing that happened. */
export interface TimelineEntry {
  /** In ms of the world's time. */
  readonly time: number;
  /** Empty where it is of no host in particular. */
  readonly host: string;
  readonly what: string;
  /** `choice`: other than the plain one. `event`: worth keeping before others, as a crash or a failure. */
  readonly kind: 'choice' | 'event' | 'step';
}

/** Lines of a timeline at the most, and how many of them are the last things that happened, whatever they are. */
const MOST_LINES = 80;
const LAST = 40;

/** The whole text, without a line feed at its end. `dropped`: how many more were before. */
export function timelineText(entries: readonly TimelineEntry[], dropped = 0): string {
  const merged = merge(entries);
  const kept = choose(merged);
  const width = Math.max(...merged.map(({ host }) => host.length), 0);
  const lines: string[] = [];
  let skipped = dropped;
  const tell = (): void => {
    if (skipped > 0) lines.push(`      …${' '.repeat(width + 15)}${skipped} more`);
    skipped = 0;
  };
  for (const [index, { time, host, what, kind, count }] of merged.entries()) {
    if (!kept.has(index)) {
      skipped += count;
      continue;
    }
    tell();
    const times = count === 1 ? '' : `, ${count} times`;
    lines.push(
      `${kind === 'choice' ? '  *' : '   '}${time.toFixed(3).padStart(13)} ms  ${host.padEnd(width)}  ${what}${times}`,
    );
  }
  tell();
  return lines.join('\n');
}

type Merged = TimelineEntry & { count: number };

/** The same thing over and over is one line, at its first time. */
function merge(entries: readonly TimelineEntry[]): Merged[] {
  const merged: Merged[] = [];
  for (const entry of entries) {
    const last = merged.at(-1);
    if (last !== undefined && last.what === entry.what && last.host === entry.host) last.count++;
    else merged.push({ ...entry, count: 1 });
  }
  return merged;
}

/** The last entries; before them choices and events, the later ones first, each with what came next. */
function choose(merged: readonly Merged[]): Set<number> {
  const kept = new Set<number>();
  for (let index = merged.length - 1; index >= 0 && kept.size < MOST_LINES; index--) {
    const { kind } = merged[index]!;
    if (kept.size < LAST || merged.length <= MOST_LINES || kind !== 'step') {
      kept.add(index);
      if (kept.size < MOST_LINES && index + 1 < merged.length) kept.add(index + 1);
    }
  }
  return kept;
}
