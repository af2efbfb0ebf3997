/**
 * The alphabets of HTTP/1.1 as tables of 256 entries, one look-up a byte.
 *
 * What must hold: every table says no to CR, LF and NUL; that is what framing stands on.
 */
export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function table(has: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (has(byte) ? 1 : 0));
}

const among = (characters: string): Uint8Array => table((byte) => characters.includes(String.fromCharCode(byte)));

/** tchar (RFC 9110 5.6.2). */
export const TOKEN: Uint8Array = among(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`);

/** What a field's value is made of (RFC 9110 5.5): VCHAR, obs-text, SP and HTAB. No other control, DEL among them. */
export const VALUE: Uint8Array = table((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/**
 * What a request target is made of: every visible character of ASCII but `#`, since a fragment is never sent (RFC 9112 3.2). That is
 * more than a URI has (RFC 3986 2): browsers and curl leave `"<>\^`{|}` in a query as they are, and none of them can be mistaken for
 * the target's end.
 */
export const TARGET: Uint8Array = table((byte) => byte > SP && byte < 0x7f && byte !== 0x23);

/**
 * What a host's name is made of (RFC 3986 3.2.2: unreserved and sub-delims), an address in brackets aside. Percent-encoding is left
 * out: no name of the DNS has it, and what it hides is read differently by everyone. The comma as well: it joins lines that were two.
 */
export const HOST: Uint8Array = among(`-._~!$&'()*+;=${ALPHANUMERIC}`);

/** The value of a hexadecimal digit, or -1. */
export const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, byte) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()),
);

/** Whether bytes from `at` on are this word, in any case. The word is of small letters, digits and hyphens, the bytes are known to be VALUE. */
export function isWord(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (end - at !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    // Folding maps no other byte of VALUE to a small letter; a digit or a hyphen also comes from a control, which VALUE has not.
    if (((bytes[at + i] as number) | 0x20) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** A byte for a message: readable, and never the byte itself when it is a control. */
export function show(byte: number | undefined): string {
  if (byte === undefined) return 'nothing';
  if (byte > SP && byte < 0x7f) return `'${String.fromCharCode(byte)}'`;
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
