/**
 * The Date field (RFC 9110, 6.6.1: an origin server with a clock must send it), made once a second and not once an answer.
 *
 * What must hold: it is asked with the driver's clock, which costs nothing; the system's clock is read only when its second may have
 * changed. `Date.now` in a simulated world is the world's.
 */
import { Buffer } from 'node:buffer';

/** What begins nearly every answer, with the current date in it. */
export class DateLines {
  /** `Date: …\r\n` */
  line = '';
  /** An answer of plain text, 200, up to the value of its Content-Length. */
  text: Buffer = Buffer.alloc(0);
  /** On the driver's clock: when the line is no longer right. */
  private until = -Infinity;

  /** The lines for this moment of the driver's clock, in ms. */
  at(now: number): this {
    if (now >= this.until) this.renew(now);
    return this;
  }

  private renew(now: number): void {
    const wall = Date.now();
    this.until = now + 1000 - (wall % 1000);
    this.line = `Date: ${new Date(wall).toUTCString()}\r\n`;
    this.text = Buffer.from(
      `HTTP/1.1 200 OK\r\n${this.line}Content-Type: text/plain;charset=utf-8\r\nContent-Length: `,
      'latin1',
    );
  }
}
