/**
 * Multipart: a FormData as content (RFC 7578, and the Fetch standard's "multipart/form-data encoding algorithm").
 *
 * What must hold: its length is known, and it can be sent again: files are read when they are sent.
 */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';

export class Multipart {
  readonly boundary: string;
  /** Bytes. */
  readonly length: number;
  private readonly parts: (Buffer | Blob)[] = [];

  constructor(form: FormData) {
    this.boundary = `----pawl-${randomBytes(18).toString('hex')}`;
    for (const [name, value] of form) {
      this.text(`--${this.boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`);
      if (typeof value === 'string') this.text(`\r\n\r\n${lines(value)}`);
      else {
        const type = value.type === '' ? 'application/octet-stream' : value.type;
        this.text(`; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`);
        this.parts.push(value);
      }
      this.text('\r\n');
    }
    this.text(`--${this.boundary}--\r\n`);
    let length = 0;
    for (const part of this.parts) length += part instanceof Blob ? part.size : part.length;
    this.length = length;
  }

  get type(): string {
    return `multipart/form-data; boundary=${this.boundary}`;
  }

  async *pieces(): AsyncGenerator<Uint8Array, undefined> {
    for (const part of this.parts) {
      if (part instanceof Blob) yield* part.stream();
      else yield part;
    }
  }

  private text(text: string): void {
    const bytes = Buffer.from(text);
    const last = this.parts.at(-1);
    if (Buffer.isBuffer(last)) this.parts[this.parts.length - 1] = Buffer.concat([last, bytes]);
    else this.parts.push(bytes);
  }
}

/** Names and values have the line ends of the network. */
function lines(text: string): string {
  return text.replaceAll(/\r\n?|\n/g, '\r\n');
}

function escape(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
