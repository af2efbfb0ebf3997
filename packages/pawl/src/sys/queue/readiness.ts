/** Readiness: what an event says about its descriptor, as bits that are the same for every back end. */

export const READABLE = 1;
export const WRITABLE = 2;
export const ERROR = 4;
/** No byte will come any more than what is buffered: the peer has sent its FIN, or the connection is gone. Never taken back. */
export const READ_CLOSED = 8;
/** Every further write fails. Never taken back. */
export const WRITE_CLOSED = 16;
export const PRIORITY = 32;
