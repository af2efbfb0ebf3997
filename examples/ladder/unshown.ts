/** A rung that the system cannot show: says why, and ends with an exit code of its own. */

/** The exit code that test programs in C use for "skipped" (GNU Automake's manual, "Scripts-based Testsuites"). */
export const NOT_HERE = 77;

/** Ends this rung, whose system lacks something. */
export function cannotShow(reason: string): never {
  console.log(`cannot be shown here: ${reason}`);
  process.exit(NOT_HERE);
}
