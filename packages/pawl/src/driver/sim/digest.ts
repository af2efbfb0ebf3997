/**
 * Digest: what has happened so far in a world, as two 32-bit numbers. Two runs that agree in it have made the same decisions, at the same
 * times, and moved the same bytes.
 *
 * What must hold: it depends on the order. A number costs 2 ns, a byte 1 ns: it is always on.
 */
export class Digest {
  low: number = 0x811c9dc5 | 0;
  high: number = 0x6c62272e | 0;

  /** A whole number; of larger ones the low 32 bits. */
  add(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x01000193);
    // Multiplying alone never carries a high bit down: the other lane turns.
    this.high = Math.imul(((this.high << 5) | (this.high >>> 27)) ^ value, 0x9e3779b1);
  }

  /** A time in ms, to the nanosecond. */
  time(ms: number): void {
    const whole = Math.floor(ms);
    this.add(whole | 0);
    this.add(Math.round((ms - whole) * 1e6));
  }

  bytes(data: Uint8Array): void {
    let { low, high } = this;
    for (let i = 0; i < data.length; i++) {
      low = Math.imul(low ^ data[i]!, 0x01000193);
      high = (((high << 5) | (high >>> 27)) + low) | 0;
    }
    this.low = low;
    this.high = high;
    this.add(data.length);
  }

  /** As 16 hexadecimal digits. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
