/**
 * Answer: what a message says about a question.
 *
 * What must hold: only records are taken whose names the question leads to, over aliases (CNAME) from one to the next; what else a server has
 * added is not looked at. A chain of aliases has an end.
 */
import type { Message, Question } from './message.ts';
import { NXDOMAIN } from './message.ts';
import { foldCase, Malformed, sameName } from './name.ts';
import { IN, type ResourceRecord, type SoaRecord, TYPES } from './record.ts';

/** Aliases that are followed at the most, in one message or over several. */
export const MOST_ALIASES = 16;

/** What came of a question, and for how many seconds it may be kept. */
export interface Answer {
  /** Empty when there are none; or when `alias` says where to ask on. */
  readonly data: readonly ResourceRecord['data'][];
  readonly ttl: number;
  /** There is no such name. */
  readonly noName: boolean;
  /** The name's alias, of which the message says nothing more. */
  readonly alias: string | null;
  /** Aliases that were followed. */
  readonly aliases: number;
}

/** Reads the answer to a question from a message that is one, with NOERROR or NXDOMAIN. Throws Malformed for a chain without end. */
export function answerOf(message: Message, { name, type }: Question): Answer {
  let at = name;
  let ttl = Infinity;
  const records = message.answers.filter((record) => record.class === IN);
  for (let aliases = 0; aliases <= MOST_ALIASES; aliases++) {
    const own = records.filter((record) => sameName(record.name, at));
    const found = own.filter((record) => record.type === type);
    for (const record of found) ttl = Math.min(ttl, record.ttl);
    if (found.length > 0) return { data: found.map(({ data }) => data), ttl, noName: false, alias: null, aliases };
    const alias = own.find((record) => record.type === TYPES.CNAME);
    if (alias === undefined) {
      const noName = message.rcode === NXDOMAIN;
      const nothing = negativeTtl(message, at);
      // Neither records nor a zone that has none: whoever keeps the alias's name is to be asked.
      const open = aliases > 0 && !noName && nothing === null;
      return { data: [], ttl: Math.min(ttl, nothing ?? (open ? ttl : 0)), noName, alias: open ? at : null, aliases };
    }
    ttl = Math.min(ttl, alias.ttl);
    at = alias.data as string;
  }
  throw new Malformed(`more than ${MOST_ALIASES} aliases, beginning with ${name}`);
}

/** For how many seconds there is nothing: what the zone's SOA record says (RFC 2308, 5). Null without one: it is not kept. */
function negativeTtl({ authorities }: Message, name: string): number | null {
  const below = `.${foldCase(name)}`;
  const soa = authorities.find(
    (record) =>
      record.type === TYPES.SOA &&
      record.class === IN &&
      (record.name === '' || below.endsWith(`.${foldCase(record.name)}`)),
  );
  return soa === undefined ? null : Math.min(soa.ttl, (soa.data as SoaRecord).minimum);
}
