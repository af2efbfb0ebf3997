/** Streams: values that come one after the other, each when it is asked for. */
export type { Emit } from './emit.ts';
export type { Receiving } from './iterables.ts';
export type { StreamIterator } from './iterate.ts';
export { END, type End, type Source } from './source.ts';
export { Stream, stream, type Streamable } from './stream.ts';
export type { Consumer } from './terminal.ts';
export { fromReadableStream, toReadableStream, writeTo } from './web.ts';
