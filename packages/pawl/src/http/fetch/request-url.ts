/**
 * The URL of a request that came in, as the Fetch standard's `request.url` has it: parsed and serialised.
 *
 * What must hold: the same text as `new URL` gives, always. What it would leave as it is, is not given to it: that costs twenty times more.
 */

/** What the URL parser changes, in a path or a query: anything but these characters, a dot at a segment's begin, also when it is coded. */
const CHANGED = /[^\w\-.~!$&()*+,;=:@/?%[\]]|\/\.|\/%2[eE]/;

/** Origins by what was written in the Host field. Bounded: it comes from the peer. */
const origins = new Map<string, string>();
const MOST_ORIGINS = 256;

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
  const written = `${scheme}://${authority}`;
  const known = origins.get(written);
  if (known !== undefined) return known;
  const { origin } = new URL(written);
  if (origins.size < MOST_ORIGINS && written.length <= 256) origins.set(written, origin);
  return origin;
}
