/**
 * How many complete records a session has been given and has not delivered yet: where there is none, a read need not be tried (it costs half a
 * microsecond to hear that).
 *
 * What must hold: it may count too many, since not every record has data to deliver, and never too few.
 */

/** Type, version, and a length of two bytes (RFC 8446, section 5.1). */
const HEADER = 5;

export class RecordCounter {
  /** Complete, and perhaps not delivered. */
  complete = 0;
  /** Bytes of the header that have come. */
  private header = 0;
  private length = 0;
  /** Bytes of the record's body that have not come. */
  private missing = 0;

  /** Every byte has been delivered. */
  get empty(): boolean {
    return this.complete === 0 && this.header === 0;
  }

  /** The first `count` bytes have been given to the session. */
  take(bytes: Uint8Array, count: number): void {
    for (let at = 0; at < count;) {
      if (this.header < HEADER) {
        this.header++;
        this.length = ((this.length << 8) | (bytes[at++] as number)) & 0xffff;
        if (this.header < HEADER) continue;
        this.missing = this.length;
      }
      const part = Math.min(this.missing, count - at);
      this.missing -= part;
      at += part;
      if (this.missing > 0) return;
      this.complete++;
      this.header = 0;
    }
  }
}
