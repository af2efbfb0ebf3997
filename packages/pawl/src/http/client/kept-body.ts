/**
 * A small body that has come whole, kept until somebody reads it.
 *
 * What must hold: bytes are copied out of the connection's buffer, so that its connection is free at once. They share memory with their
 * neighbours: a view of one's own would cost more than the copy (60 ns of a hello's 1.1 µs).
 */
import { Buffer } from 'node:buffer';
import { type BodySource, BytesSource } from '../body-source.ts';
import { copyBytes } from '../wire/copy-bytes.ts';

const SIZE = 16 * 1024;
/** What is larger than this has memory of its own. */
const SMALL = 2 * 1024;

let shared: Buffer = Buffer.allocUnsafeSlow(SIZE);
let used = 0;

/** A source of bytes[start, end), copied. */
export function keepBody(bytes: Uint8Array, start: number, end: number): BodySource {
  const length = end - start;
  if (length > SMALL) return new BytesSource(Uint8Array.prototype.slice.call(bytes, start, end));
  if (used + length > SIZE) {
    shared = Buffer.allocUnsafeSlow(SIZE);
    used = 0;
  }
  const source = new KeptBody(shared, used, length);
  copyBytes(bytes, start, shared, used, length);
  used += length;
  return source;
}

class KeptBody implements BodySource {
  readonly trailers: null = null;
  readonly length: number;
  private bytes: Buffer | null;
  private at: number;
  private left: number;

  constructor(bytes: Buffer, at: number, length: number) {
    this.bytes = bytes;
    this.at = at;
    this.length = length;
    this.left = length;
  }

  pollBody(_cx: unknown, target: Uint8Array): number {
    const { bytes, at, left } = this;
    if (bytes === null) return 0;
    const count = left < target.length ? left : target.length;
    copyBytes(bytes, at, target, 0, count);
    this.at = at + count;
    this.left = left - count;
    if (this.left === 0) this.bytes = null;
    return count;
  }

  forgetBody(): void {}

  discardBody(): void {
    this.bytes = null;
  }
}
