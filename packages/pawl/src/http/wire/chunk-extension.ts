/**
 * The grammar of chunk extensions (RFC 9112 7.1.1) as an automaton over bytes: `;name`, `;name=value`, `;name="value"`, and again.
 *
 * What must hold: CR ends them, and only where the grammar lets it; so no quoted string reaches into the data. White space around
 * `;` and `=`, which the grammar calls bad, is refused.
 */
import { CR, SEMICOLON, TOKEN, VALUE } from './bytes.ts';

export const INVALID = -1;
/** Behind `;`. */
export const NAME_FIRST = 0;
const NAME = 1;
const VALUE_FIRST = 2;
const UNQUOTED = 3;
const QUOTED = 4;
const ESCAPED = 5;
const QUOTE_END = 6;
/** Behind the CR. */
export const END = 7;

const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The state behind this byte. */
export function nextInExtension(state: number, byte: number): number {
  switch (state) {
    case NAME_FIRST:
      return TOKEN[byte] === 1 ? NAME : INVALID;
    case NAME:
      if (TOKEN[byte] === 1) return NAME;
      return byte === EQUALS ? VALUE_FIRST : between(byte);
    case VALUE_FIRST:
      if (byte === QUOTE) return QUOTED;
      return TOKEN[byte] === 1 ? UNQUOTED : INVALID;
    case UNQUOTED:
      return TOKEN[byte] === 1 ? UNQUOTED : between(byte);
    case QUOTED:
      if (byte === QUOTE) return QUOTE_END;
      if (byte === BACKSLASH) return ESCAPED;
      return VALUE[byte] === 1 ? QUOTED : INVALID;
    case ESCAPED:
      return VALUE[byte] === 1 ? QUOTED : INVALID;
    default:
      return between(byte);
  }
}

function between(byte: number): number {
  if (byte === SEMICOLON) return NAME_FIRST;
  return byte === CR ? END : INVALID;
}
