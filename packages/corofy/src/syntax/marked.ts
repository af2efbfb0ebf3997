/** Whether a source is worth parsing: a look that needs no parser. */
export function mayBeMarked(source: string, generators = false): boolean {
  return source.includes('coroutine') && (source.includes('async') || (generators && /\bfunction\b/.test(source)));
}
