/**
 * What of a rung's output stays the same from run to run: everything but times, addresses, ports, figures marked as measured (`≈ 12`), and
 * how often a line comes again at once.
 */

const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b\d+(?:[.,]\d+)*(?= ?(?:ns|µs|ms|s)\b)/g, '#'],
  [/\b0x[\da-f]+\b/gi, '0x#'],
  [/\b(?<host>127\.0\.0\.1|localhost):\d+/g, '$1:#'],
  [/≈ *[\d.,]+/g, '≈ #'],
  // Columns are as wide as their figures.
  [/(?<=\S) {2,}/g, ' '],
  [/-{3,}|─{3,}/g, '---'],
  [/[ \t]+$/gm, ''],
  // How often a loop went round.
  [/^(?<line>.+\n)\k<line>+/gm, '$1'],
];

/** The output with a `#` for whatever varies. */
export function normalForm(output: string): string {
  let form = output;
  for (const [pattern, replacement] of VARYING) form = form.replaceAll(pattern, replacement);
  return form;
}

/** The first line in which two outputs differ, or undefined when none does. */
export function firstDifference(actual: string, expected: string): string | undefined {
  const [ours, theirs] = [actual, expected].map((text) => normalForm(text).split('\n'));
  if (ours === undefined || theirs === undefined) return undefined;
  const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, i) => i).find(
    (i) => ours[i] !== theirs[i],
  );
  if (at === undefined) return undefined;
  return `line ${at + 1} is ${JSON.stringify(ours[at] ?? 'not there')}, the page has ${JSON.stringify(theirs[at] ?? 'no more')}`;
}
