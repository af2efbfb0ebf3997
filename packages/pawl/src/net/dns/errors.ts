/** Errors of names: c-ares' codes, as Node's `dns` has them, with the name that was asked for and what for. */
import { PawlError } from '../../error/index.ts';

/** Why a name has not been found. */
export type DnsCode =
  | 'ENOTFOUND' // there is no such name
  | 'ENODATA' // there is, but it has no records of that kind
  | 'ETIMEOUT' // no server has answered
  | 'ECONNREFUSED' // no server listens
  | 'ESERVFAIL' // the server could not find out
  | 'EREFUSED' // the server does not answer this, or not us
  | 'EFORMERR' // the server has not understood the query
  | 'ENOTIMP' // the server does not know that kind of query
  | 'EBADRESP' // what the server has sent is no answer
  | 'EBADNAME'; // no such name can exist

const REASONS: Readonly<Record<DnsCode, string>> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'the name has no such records',
  ETIMEOUT: 'no name server has answered',
  ECONNREFUSED: 'no name server listens',
  ESERVFAIL: 'the name server could not find out',
  EREFUSED: 'the name server refuses to answer',
  EFORMERR: 'the name server has not understood the query',
  ENOTIMP: 'the name server does not know that kind of query',
  EBADRESP: 'the answer is malformed',
  EBADNAME: 'no such name can exist',
};

/** `syscall` is what was done: `queryA`, `queryPtr`, … as in Node, or `getaddrinfo` where a name was looked up to connect to it. */
export function dnsError(code: DnsCode, syscall: string, hostname: string, cause?: unknown): PawlError {
  return new PawlError(code, `${syscall} ${code} ${hostname}: ${REASONS[code]}`, {
    syscall,
    hostname,
    address: hostname,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function isDnsError(error: unknown, ...codes: readonly DnsCode[]): error is PawlError {
  return error instanceof PawlError && (codes as readonly string[]).includes(error.code);
}
