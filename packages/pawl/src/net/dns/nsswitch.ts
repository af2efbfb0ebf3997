/** Nsswitch: where the C library looks for names (nsswitch.conf(5)), and whether we would find the same there. */

/** What `hosts:` lists, as words; those of a C library that has no such file where there is none. */
export function parseNsswitch(text: string): readonly string[] {
  const line = /^[ \t]*hosts:([^#\n]*)/m.exec(text)?.[1];
  return line === undefined ? NO_NSSWITCH : line.trim().split(/\s+/);
}

export const NO_NSSWITCH: readonly string[] = ['files', 'dns'];

/** The machine's file first, then the domain name system, and nothing besides: multicast DNS, systemd's resolver and others are not ours. */
export function isOurs(sources: readonly string[]): boolean {
  return sources.join(' ') === 'files dns';
}
