/** Bytes as text, one character each: what a head becomes, since latin1 alone has a character for each byte (RFC 9110 5.5). */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  // For 40 bytes 46 ns; character by character 150, and `String.fromCharCode` of them all 130.
  return toString.call(bytes, 'latin1', start, end);
}

const { toString } = Buffer.prototype as {
  toString: (this: Uint8Array, ...range: ['latin1', number, number]) => string;
};
