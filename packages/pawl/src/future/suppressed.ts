/**
 * Several failures as one error: `error` is what happened first, `suppressed` what it suppresses.
 *
 * What must hold: nothing that was thrown is lost, and the `code` of the first failure can be switched on without unwrapping.
 */

/** The first failure, with every later one suppressed by it. A single failure is given back as it is. */
export function combine(failures: readonly unknown[]): unknown {
  const last = failures.length - 1;
  let combined: unknown = failures[last];
  for (let at = last - 1; at >= 0; at--) combined = suppress(failures[at], combined);
  return combined;
}

/** `first`, which suppresses `later`. */
export function suppress(first: unknown, later: unknown): SuppressedError {
  const text = first instanceof Error ? first.message : String(first);
  const error = new SuppressedError(first, later, `${text} (and another failure was suppressed: see .suppressed)`);
  const code = first instanceof Error ? (first as Error & { code?: unknown }).code : undefined;
  if (code !== undefined) Object.defineProperty(error, 'code', { value: code, enumerable: true });
  return error;
}
