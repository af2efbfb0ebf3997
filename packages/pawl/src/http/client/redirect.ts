/**
 * Redirects, as the Fetch standard has them ("HTTP-redirect fetch", section 4.4) and RFC 9110 15.4.
 *
 * What must hold: what was meant for one origin goes to no other: credentials stay behind. Content is sent again only if it can be.
 */
import { PawlError } from '../../error/index.ts';
import { Fields } from '../fields.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import { isBadPort } from './bad-port.ts';
import type { Plan } from './plan.ts';
import type { Target } from './target.ts';

export interface Next {
  readonly target: Target;
  readonly plan: Plan;
}

const CONTENT_FIELDS = ['content-encoding', 'content-language', 'content-location', 'content-type'];
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'host'];

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Where a redirect leads, and with what; null when it is to be given out. `followed`: redirects before this one. Errors: REDIRECT_REFUSED,
 * TOO_MANY_REDIRECTS, BODY_NOT_REPLAYABLE, BAD_URL.
 */
export function nextOf(head: ResponseHead, plan: Plan, target: Target, followed: number): Next | null {
  const { redirect = 'follow', maxRedirects = 20, standard = false } = plan.options;
  if (redirect === 'manual') return null;
  const { status } = head;
  if (redirect === 'error')
    throw new PawlError('REDIRECT_REFUSED', `${target.href} answered with a redirect (${status})`);
  const location = head.fields.get('location');
  if (location === null) return null;
  const next = target.resolve(location);
  if (standard) check(target, next);
  if (followed >= maxRedirects) {
    throw new PawlError('TOO_MANY_REDIRECTS', `more than ${maxRedirects} redirects, the last one of ${target.href}`);
  }
  let { method, content } = plan;
  let fields = plan.fields === null ? null : Fields.from(plan.fields);
  if (content !== null && !content.replayable && status !== 303) {
    throw new PawlError(
      'BODY_NOT_REPLAYABLE',
      `${target.href} answered with a redirect (${status}), and the content has gone`,
    );
  }
  if (method === 'POST' ? status <= 303 : status === 303 && method !== 'GET' && method !== 'HEAD') {
    method = 'GET';
    content = null;
    for (const name of CONTENT_FIELDS) fields?.delete(name);
  }
  if (!target.sameOrigin(next)) for (const name of CREDENTIALS) fields?.delete(name);
  if (fields?.size === 0) fields = null;
  return { target: next, plan: plan.redirected(method, content, fields) };
}

/** Where a browser would not go ("HTTP-redirect fetch", step 10; "main fetch", "block bad port"). */
function check(from: Target, to: Target): void {
  if (isBadPort(to.port))
    throw new PawlError('BAD_URL', `a redirect leads to port ${to.port}, which is not to be spoken HTTP to`);
  if (to.authorization !== null && !from.sameOrigin(to)) {
    throw new PawlError('BAD_URL', 'a redirect to another origin has credentials in its URL');
  }
}
