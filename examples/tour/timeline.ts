/** A timeline as text: one bar a task, all on one scale of time. */

/** What a task did, in milliseconds since the timeline's start. */
export interface Track {
  readonly name: string;
  readonly from: number;
  /** When it waited for an answer. */
  readonly waits: readonly { readonly from: number; readonly to: number }[];
  readonly to: number;
}

const CELLS = 50;

/** A bar a line: `█` the task is at work, `░` it waits, and the milliseconds of its start and its end. */
export function draw(tracks: readonly Track[]): string {
  const span = Math.max(...tracks.map(({ to }) => to));
  const width = Math.max(...tracks.map(({ name }) => name.length));
  return tracks
    .map((track) => {
      const times = `${track.from.toFixed(0).padStart(4)} to ${track.to.toFixed(0).padStart(4)} ms`;
      return `  ${track.name.padEnd(width)}  ${bar(track, span)}  ${times}`;
    })
    .join('\n');
}

function bar(track: Track, span: number): string {
  const cell = (time: number): number => Math.min(Math.floor((time / span) * CELLS), CELLS - 1);
  const cells = Array.from({ length: CELLS }, () => ' ');
  cells.fill('█', cell(track.from), cell(track.to) + 1);
  // The cells at a wait's ends belong to the work before and after it, which is far too short to see otherwise.
  for (const { from, to } of track.waits) cells.fill('░', cell(from) + 1, Math.max(cell(to), cell(from) + 1));
  return cells.join('');
}

/** The most tasks that were under way at once. */
export function overlap(tracks: readonly Track[]): number {
  return Math.max(...tracks.map(({ from }) => tracks.filter((other) => other.from <= from && from < other.to).length));
}
