/**
 * MessageBody: the body of a Request or a Response, as the Fetch standard has it (section 5.3), in the form in which it was given.
 *
 * What must hold: no stream is made before somebody asks for it, and a stream that was made and not touched stands in nobody's way: the
 * source is still what it was. It is consumed once. What is given out is the caller's own memory.
 */
import { Readable } from 'node:stream';
import { Stream } from '../../stream/stream.ts';
import { toReadableStream } from '../../stream/web.ts';
import { IncomingBody } from '../body.ts';
import { BodyChunks, toWeb } from '../body-chunks.ts';
import { copyOf, decode, SCRATCH } from '../body-whole.ts';
import { promised } from '../promised.ts';
import { platform } from './platform.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** What a body is made of; null when nothing but its stream is left. */
export type BodySourceValue = string | Bytes | Blob | IncomingBody | Stream<Uint8Array> | null;

/** What is taken out of a body: a Blob's stream, otherwise what it is made of. */
type Taken = Exclude<BodySourceValue, Blob | null> | ReadableStream<Uint8Array>;

/** The body behind a stream that we made: whoever makes a body of that stream gets the source, not the stream. */
const origins = new WeakMap<ReadableStream, BodySourceValue>();
/** It knows web streams, too; its type does not say so. */
// oxlint-disable-next-line typescript/unbound-method
const isDisturbed = Readable.isDisturbed as unknown as (stream: ReadableStream) => boolean;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class MessageBody {
  private source: BodySourceValue;
  private stream: ReadableStream<Uint8Array> | null;
  private consumed = false;

  constructor(source: BodySourceValue, stream: ReadableStream<Uint8Array> | null = null) {
    this.source = source;
    this.stream = stream;
  }

  /** Of a stream that nobody has touched; a TypeError otherwise. */
  static of(stream: ReadableStream<Uint8Array>): MessageBody {
    if (stream.locked || isDisturbed(stream))
      throw new TypeError('The stream of a body must be neither locked nor disturbed');
    return new MessageBody(origins.get(stream) ?? null, stream);
  }

  get used(): boolean {
    return this.consumed || (this.stream !== null && isDisturbed(this.stream));
  }

  /** Used, or somebody holds its stream. */
  get unusable(): boolean {
    return this.consumed || (this.stream !== null && (this.stream.locked || isDisturbed(this.stream)));
  }

  /** How many bytes there are, if it must be read to know that and its maker has said so; else -1. */
  get length(): number {
    const { source } = this;
    if (typeof source === 'string' || source === null) return -1;
    if (source instanceof IncomingBody) return source.length;
    return source instanceof Blob ? source.size : -1;
  }

  /** The stream: always the same one. */
  toStream(): ReadableStream<Uint8Array> {
    if (this.stream === null) {
      this.stream = streamOf(this.source);
      if (this.consumed) {
        // It is as whoever has read the body has left it: disturbed, and locked.
        void this.stream.cancel();
        this.stream.getReader();
      } else origins.set(this.stream, this.source);
    }
    return this.stream;
  }

  /** What it is made of, for whoever sends it: it is used then. A TypeError if it is unusable. */
  take(): Taken {
    if (this.unusable) throw unusable();
    const { source, stream } = this;
    if (source === null || source instanceof Blob) {
      const taken = this.toStream();
      // Its reader is about to touch it.
      this.consumed = true;
      this.source = null;
      return taken;
    }
    this.consumed = true;
    this.source = null;
    // Whoever has the stream finds it locked.
    if (stream !== null) stream.getReader();
    return source;
  }

  /** Another one with the same content (the standard's "clone a body"). A TypeError if it is unusable. */
  clone(): MessageBody {
    if (this.unusable) throw new TypeError('A body that has been read, or that somebody reads, cannot be cloned');
    const { source, stream } = this;
    if (typeof source === 'string' || source instanceof Uint8Array || source instanceof Blob) {
      // As after a tee: the stream that somebody has is locked, and there is a new one.
      if (stream !== null) stream.getReader();
      this.stream = null;
      return new MessageBody(source instanceof Uint8Array ? source.slice() : source);
    }
    const [mine, other] = this.toStream().tee();
    this.source = null;
    this.stream = mine;
    return new MessageBody(null, other);
  }

  async text(): Promise<string> {
    const text = textOf(this.take());
    return typeof text === 'string' ? text : await text;
  }

  async json(): Promise<unknown> {
    const text = textOf(this.take());
    return JSON.parse(typeof text === 'string' ? text : await text);
  }

  async bytes(): Promise<Bytes> {
    const source = this.take();
    if (typeof source === 'string') return encoder.encode(source);
    if (source instanceof IncomingBody) {
      const count = source.takeWhole(SCRATCH);
      return count < 0 ? await promised(source.bytes()) : copyOf(SCRATCH, count);
    }
    if (source instanceof Uint8Array) return source;
    return (await new (platform().Response)(webStream(source)).bytes()) as Bytes;
  }

  /** As text, piece by piece. */
  textStream(): ReadableStream<string> {
    return new (platform().Response)(webStream(this.take())).textStream();
  }

  /** For the platform: its stream, as it is used from now on. */
  toWhole(): ReadableStream<Uint8Array> {
    return webStream(this.take());
  }

  /** What the platform makes of it with this content type: for `blob` and `formData`. */
  async toPlatform(contentType: string | null): Promise<Response> {
    return new (platform().Response)(
      await this.bytes(),
      contentType === null ? {} : { headers: [['content-type', contentType]] },
    );
  }
}

/** The error of whoever reads a body that cannot be read any more. */
export function unusable(): TypeError {
  return new TypeError('Body is unusable: it has been read already, or somebody reads its stream');
}

/** At once, if it is there. */
function textOf(source: Taken): string | Promise<string> {
  if (typeof source === 'string') return withoutMark(source.toWellFormed());
  if (source instanceof IncomingBody) {
    const count = source.takeWhole(SCRATCH);
    return count < 0 ? promised(source.text()) : decode(SCRATCH, count);
  }
  if (source instanceof Uint8Array) return decoder.decode(source);
  return new (platform().Response)(webStream(source)).text();
}

function streamOf(source: BodySourceValue): ReadableStream<Uint8Array> {
  if (source instanceof Blob) return source.stream();
  // It is claimed when the stream is first read, so that it can be taken while nobody has.
  if (source instanceof IncomingBody) return toWeb(new BodyChunks(source, false));
  if (source instanceof Stream) return toReadableStream(source);
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const bytes = typeof source === 'string' ? encoder.encode(source) : source;
      if (bytes !== null && bytes.length > 0) controller.enqueue(bytes);
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

function webStream(source: Exclude<BodySourceValue, null> | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return source instanceof ReadableStream ? source : streamOf(source);
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
