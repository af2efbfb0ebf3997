/** Byte streams: what every reader and writer can do. */
export type { Duplex, Reader, Writer } from './stream.ts';
