/**
 * Storage: what a replica must not forget, in a file.
 *
 * What must hold: what `save` was told is on the disk when it is done. A record is a line with its checksum; whatever a crash has left of one
 * that was not done is found out by that, and cut off.
 */
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { coroutine, type Future } from 'pawl';
import { File, readText, syncDir, tryStat } from 'pawl/fs';
import type { Entry } from './messages.ts';

/** A change of what is remembered: the term and the vote in it, or the log from `from` on. */
export type Saved =
  | { readonly term: number; readonly vote: string | null }
  | { readonly from: number; readonly entries: readonly Entry[] };

export interface Storage {
  /** All that was saved, in its order. */
  load(): Future<readonly Saved[]>;
  /** Called again only when it is done. */
  save(record: Saved): Future<void>;
}

export class Journal implements Storage {
  private readonly path: string;
  private file: File | null = null;
  private end = 0;

  constructor(path: string) {
    this.path = path;
  }

  readonly load = coroutine(function* (this: Journal) {
    const { path } = this;
    const text = (yield* tryStat(path)) === null ? '' : yield* readText(path);
    const lines = whole(text);
    const file = (this.file = yield* File.open(path, text === '' ? 'w' : 'r+'));
    this.end = new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')).length;
    yield* file.truncate(this.end);
    yield* file.sync();
    yield* syncDir(dirname(path));
    return lines.map((line) => JSON.parse(line.slice(9)) as Saved);
  });

  save(record: Saved): Future<void> {
    return this.append(record);
  }

  private readonly append = coroutine(function* (this: Journal, record: Saved) {
    const file = this.file as File;
    const json = JSON.stringify(record);
    const bytes = new TextEncoder().encode(`${checksum(json)} ${json}\n`);
    yield* file.writeAt(bytes, this.end);
    yield* this.sync(file);
    this.end += bytes.length;
  });

  protected sync(file: File): Future<void> {
    return file.dataSync();
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** The lines up to the first that is not as it was written. */
function whole(text: string): string[] {
  const lines = text.split('\n');
  // What follows the last line's end is no line.
  lines.pop();
  const torn = lines.findIndex((line) => line.slice(0, 8) !== checksum(line.slice(9)));
  return torn < 0 ? lines : lines.slice(0, torn);
}
