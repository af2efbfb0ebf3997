/**
 * The requests that the delay server understands: `GET /DELAY_MS/MESSAGE` over HTTP/1.1 (RFC 9112), and nothing else.
 *
 * What must hold: whatever does not match the grammar exactly is refused with the status that says why; nothing is guessed.
 */

/** A request that can be answered. */
export interface DelayRequest {
  readonly delay: number;
  readonly message: string;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Half an hour: longer is a mistake. */
const LONGEST_MS = 30 * 60 * 1000;

/** A token of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Parses the head of a request: everything before the empty line, without it. */
export function parseHead(head: string): DelayRequest | Refusal {
  const [requestLine = '', ...fields] = head.split('\r\n');
  if (/[\r\n]/.test(requestLine + fields.join(''))) return refuse(400, 'a line ends with CR LF');
  const parts = requestLine.split(' ');
  if (parts.length !== 3) return refuse(400, 'a request line is METHOD TARGET VERSION, with single spaces');
  const [method, target, version] = parts as [string, string, string];
  if (!TOKEN.test(method)) return refuse(400, 'the method is not a token');
  if (!/^HTTP\/\d\.\d$/.test(version)) return refuse(400, 'the version is not one of HTTP');
  if (!/^HTTP\/1\.[01]$/.test(version)) return refuse(505, 'the version is not HTTP/1');
  const names = fields.map((field) => field.slice(0, Math.max(field.indexOf(':'), 0)));
  if (!names.every((name) => TOKEN.test(name))) return refuse(400, 'a header field is NAME: VALUE');
  const hosts = names.filter((name) => name.toLowerCase() === 'host').length;
  if (hosts > 1 || (hosts === 0 && version === 'HTTP/1.1')) return refuse(400, 'HTTP/1.1 wants one Host field');
  if (method !== 'GET') return refuse(405, 'only GET is served');
  return parseTarget(target);
}

function parseTarget(target: string): DelayRequest | Refusal {
  const match = /^\/(?<delay>\d+)\/(?<message>[^/?#]+)$/.exec(target);
  if (match === null) return refuse(404, 'the path is /DELAY_MS/MESSAGE');
  const { delay = '', message = '' } = match.groups ?? {};
  if (Number(delay) > LONGEST_MS) return refuse(400, `the delay is at most ${LONGEST_MS} ms`);
  try {
    return { delay: Number(delay), message: decodeURIComponent(message) };
  } catch {
    return refuse(400, 'the message is not percent-encoded UTF-8');
  }
}

function refuse(status: number, reason: string): Refusal {
  return { status, reason };
}
