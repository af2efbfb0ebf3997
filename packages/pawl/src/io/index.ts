/** Byte streams: what every reader and writer can do, on TCP as in memory. */
export { BufferedReader, type BufferedReaderOptions, type LimitOptions } from './buffered-reader.ts';
export { BufferedWriter, type BufferedWriterOptions } from './buffered-writer.ts';
export { Copy, type Copied, copy, copyBidirectional } from './copy.ts';
export { duplex, MemoryStream } from './duplex.ts';
export { ReadHalf, reunite, split, WriteHalf } from './split.ts';
export type { Duplex, Lease, Reader, Writer } from './stream.ts';
export { ReadExact, readExact, WriteAll, writeAll } from './transfer.ts';
