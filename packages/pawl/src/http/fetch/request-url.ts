/**
 * The URL of a request that came in, as the Fetch standard's `request.url` has it: parsed and serialised.
 *
 * What must hold: the same text as `new URL` gives, always. What it would leave as it is, is not given to it: that costs twenty times more.
 */

/** What the URL parser changes, in a path or a query: anything but these characters, a dot at a segment's begin, also when it is coded. */
const CHANGED = /[^\w\-.~!$&()*+,;=:@/?%[\]]|\/\.|\/%2[eE]/;

/** Origins by what was written in the Host field. Bounded: it comes from the peer. */
const origins = { http: new Map<string, string>(), https: new Map<string, string>() };
const MOST_ORIGINS = 256;

/** The one of the request before, which is most often this one's: hashing a fresh string for the map costs three times a comparison. */
let last = { scheme: '', authority: '', origin: '' };

/**
 * The URL for a target (RFC 9112, section 3.2) and an authority, `host` or `host:port`. A TypeError when they make none: a parser that
 * checks the Host field lets none of those through.
 */
export function requestUrl(scheme: 'http' | 'https', authority: string, target: string): string {
  // Never resolved against a base: `//other.example/` is a path here.
  if (target.charCodeAt(0) === 0x2f) {
    const origin = originOf(scheme, authority);
    return CHANGED.test(target) ? new URL(origin + target).href : origin + target;
  }
  // With OPTIONS and with CONNECT there is no path.
  if (target === '*' || target === authority) return `${originOf(scheme, authority)}/`;
  return new URL(target).href;
}

function originOf(scheme: 'http' | 'https', authority: string): string {
  if (last.authority === authority && last.scheme === scheme) return last.origin;
  let origin = origins[scheme].get(authority);
  if (origin === undefined) {
    ({ origin } = new URL(`${scheme}://${authority}`));
    if (origins[scheme].size < MOST_ORIGINS && authority.length <= 256) origins[scheme].set(authority, origin);
  }
  last = { scheme, authority, origin };
  return origin;
}
