/**
 * What is asked of the delay server: `GET /DELAY_MS/MESSAGE`, and nothing else.
 *
 * What must hold: whatever does not match exactly is refused with the status that says why; nothing is guessed.
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

/** Understands a request by its method and its target. */
export function parse(method: string, target: string): DelayRequest | Refusal {
  if (method !== 'GET') return { status: 405, reason: 'only GET is served' };
  const match = /^\/(?<delay>\d+)\/(?<message>[^/?#]+)$/.exec(target);
  if (match === null) return { status: 404, reason: 'the path is /DELAY_MS/MESSAGE' };
  const { delay = '', message = '' } = match.groups ?? {};
  if (Number(delay) > LONGEST_MS) return { status: 400, reason: `the delay is at most ${LONGEST_MS} ms` };
  try {
    return { delay: Number(delay), message: decodeURIComponent(message) };
  } catch {
    return { status: 400, reason: 'the message is not percent-encoded UTF-8' };
  }
}
