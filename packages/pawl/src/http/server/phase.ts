/**
 * What a connection is doing, and how long it may take.
 *
 * What must hold: a deadline is never earlier than what the options promise. Between two polls others may begin to wait for the client: the
 * timer is armed no later than the earliest end of such a wait, and {@link deadlineOf} then says whether anybody was too slow.
 */
import type { InboundBody } from '../connection/inbound.ts';
import type { Outbound } from '../connection/outbound.ts';
import type { ServerTimeouts } from './options.ts';

/** Waits for a request's head, or reads it. */
export const HEAD = 0;
/** The answer takes time. */
export const ANSWER = 1;
/** Reads what the handler did not, so that the next request can come. */
export const DRAIN = 2;
/** Has said its last, and reads what the client still sends. */
export const LINGER = 3;
/** Waits for the end of who answers, then closes. */
export const ENDING = 4;
export const CLOSED = 5;

/** Milliseconds of lingering. */
const LINGER_TIME = 2000;

const WAITS = [
  'a request',
  'the answer',
  'a promised answer',
  'the rest of a request',
  'the end',
  'the end',
  'nothing',
];

/** What a connection waits for, for dumps. */
export function waitOf(phase: number): string {
  return WAITS[phase] as string;
}

/** What of a connection is a matter of time. All moments are on the driver's clock. */
export interface Standing {
  readonly phase: number;
  /** When the phase, or the wait within it, began. */
  readonly since: number;
  /** When the request's head had come. */
  readonly began: number;
  /** A part of a head has come, or the first one is due. */
  readonly headDue: boolean;
  /** Another protocol is spoken, which has times of its own. */
  readonly upgraded: boolean;
  readonly body: InboundBody | null;
  readonly outbound: Outbound;
}

/** The moment by which something has to happen. */
export function deadlineOf(standing: Standing, timeouts: Required<ServerTimeouts>): number {
  const { phase, since, body, outbound } = standing;
  const sending = outbound.stalledSince + timeouts.send;
  switch (phase) {
    case HEAD:
      return sending < Infinity ? sending : since + (standing.headDue ? timeouts.head : timeouts.idle);
    case ANSWER: {
      if (standing.upgraded) return Infinity;
      const reading = body === null || body.waker === null ? Infinity : body.since + timeouts.body;
      return Math.min(standing.began + timeouts.request, reading, sending);
    }
    case DRAIN:
      return Math.min(since + timeouts.body, sending);
    case LINGER:
      return Math.min(since + LINGER_TIME, sending);
    default:
      return Infinity;
  }
}

/** When to look again: at the deadline, or when somebody who is not polled by the connection could have waited too long. */
export function nextLook(standing: Standing, timeouts: Required<ServerTimeouts>, now: number): number {
  const deadline = deadlineOf(standing, timeouts);
  if (standing.phase !== ANSWER || standing.upgraded) return deadline;
  return Math.min(deadline, now + timeouts.body, now + timeouts.send);
}
