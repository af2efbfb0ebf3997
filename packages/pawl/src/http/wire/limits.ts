/** HeadLimits: how much of a head is read before it is refused. Whatever a peer sends, no more is kept of it than this. */
import { PawlError } from '../../error/index.ts';

export interface HeadLimits {
  /** Bytes of a request's target; more is answered with 414. Default: 8192. RFC 9112 3 asks for 8000 at the least. */
  readonly target?: number;
  /** Bytes of the whole head, from the first of its start line to its empty line; more is answered with 431. Default: 16384. */
  readonly head?: number;
  /** Field lines; more is answered with 431. Default: 100. */
  readonly fields?: number;
}

/** Checked, and complete. Error: BAD_ARGUMENT. */
export function checkLimits(limits: HeadLimits): Required<HeadLimits> {
  const { target = 8192, head = 16_384, fields = 100 } = limits;
  for (const [name, value] of Object.entries({ target, head, fields })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new PawlError('BAD_ARGUMENT', `limit ${name} must be a whole number of at least 1, got ${String(value)}`);
    }
  }
  return { target, head, fields };
}
