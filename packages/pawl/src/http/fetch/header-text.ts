/**
 * Names and values of headers, checked and normalised as the Fetch standard says (section 2.2.2).
 *
 * What must hold: a name is a token and comes out in small letters; a value is latin1 without white space around it and without NUL, CR and
 * LF: nothing that has passed here can begin a line of its own. The standard lets other control characters through, which HTTP does not
 * (RFC 9110, section 5.5): whoever writes a value out must refuse those that `isPlain` refused.
 */

/** Names that have been checked, by what was written: looking one up costs a tenth of checking it. Bounded: names may come from a peer. */
const names = new Map<string, string>();
const MOST_NAMES = 512;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** The name in small letters; a TypeError if it is none. */
export function headerName(name: unknown): string {
  const text = byteString(name);
  const known = names.get(text);
  if (known !== undefined) return known;
  if (!TOKEN.test(text)) throw new TypeError(`Invalid header name: ${JSON.stringify(text)}`);
  const lower = text.toLowerCase();
  if (names.size < MOST_NAMES && text.length <= 64) names.set(text, lower);
  return lower;
}

/** True for a value that is as it goes on the wire: visible latin1 characters, spaces and tabs, neither of them at an end. */
export function isPlain(value: string): boolean {
  const last = value.length - 1;
  if (last < 0) return true;
  for (let at = 0; at <= last; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  const [first, end] = [value.charCodeAt(0), value.charCodeAt(last)];
  return first !== 0x20 && first !== 0x09 && end !== 0x20 && end !== 0x09;
}

/** What is not plain, normalised; a TypeError if it is no value even then. */
export function headerValue(value: unknown): string {
  const text = byteString(value);
  let [first, last] = [0, text.length];
  while (first < last && isSpace(text.charCodeAt(first))) first++;
  while (first < last && isSpace(text.charCodeAt(last - 1))) last--;
  const trimmed = text.slice(first, last);
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\0\r\n]/.test(trimmed)) throw new TypeError('Invalid header value: it has a NUL, a CR or an LF in it');
  return trimmed;
}

/** As Web IDL converts to a ByteString. */
export function byteString(value: unknown): string {
  const text = typeof value === 'string' ? value : toText(value);
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0xff) {
      throw new TypeError(
        `Cannot convert to a ByteString: the character at index ${at} has a value of ${text.charCodeAt(at)}, more than 255`,
      );
    }
  }
  return text;
}

/** As JavaScript's ToString: a symbol is a TypeError. */
export function toText(value: unknown): string {
  // oxlint-disable-next-line typescript/restrict-template-expressions -- `String` would take a symbol
  return `${value}`;
}

/** HTTP whitespace bytes. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
