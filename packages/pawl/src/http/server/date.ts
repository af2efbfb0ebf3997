/**
 * The Date field (RFC 9110, 6.6.1: an origin server with a clock must send it), and the bytes that begin most answers with it, made once a
 * second and not once an answer.
 *
 * What must hold: it is asked with the driver's clock, which costs nothing; the system's clock is read only when its second may have
 * changed. `Date.now` in a simulated world is the world's.
 */
import { Buffer } from 'node:buffer';

/** Beginnings that are remembered in one second: of a server whose header lines differ from answer to answer, no more than these. */
const MOST = 64;
const LONGEST = 256;

/** What begins answers: the Date line, and whole beginnings with it, as bytes. */
export class DateLines {
  /** `Date: …\r\n` */
  line = '';
  /** By the header lines of their own: what precedes the value of Content-Length in an answer of 200. */
  private readonly beginnings = new Map<string, Buffer>();
  /** On the driver's clock: when the line is no longer right. */
  private until = -Infinity;

  /** The lines for this moment of the driver's clock, in ms. */
  at(now: number): this {
    if (now >= this.until) this.renew(now);
    return this;
  }

  /** An answer of 200 with these header lines, up to the value of its Content-Length; null when it is not worth remembering. */
  beginning(lines: string): Buffer | null {
    return this.beginnings.get(lines) ?? this.remember(lines);
  }

  private remember(lines: string): Buffer | null {
    if (this.beginnings.size >= MOST || lines.length > LONGEST) return null;
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${this.line}${lines}Content-Length: `, 'latin1');
    this.beginnings.set(lines, bytes);
    return bytes;
  }

  private renew(now: number): void {
    const wall = Date.now();
    this.until = now + 1000 - (wall % 1000);
    this.line = `Date: ${new Date(wall).toUTCString()}\r\n`;
    this.beginnings.clear();
  }
}
