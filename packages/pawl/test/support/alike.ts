/** Runs one script against two worlds and compares what came out: values, or the type of what was thrown. */
import assert from 'node:assert/strict';

/** What a script gave: its value, or the name of the error's class. */
export type Outcome = { readonly value: unknown } | { readonly thrown: string };

export async function outcome(script: () => unknown): Promise<Outcome> {
  try {
    return { value: await script() };
  } catch (error) {
    return { thrown: (error as Error).constructor.name };
  }
}

/** Both worlds give the same; else the message names the script. */
export async function assertAlike<W>(
  name: string,
  theirs: W,
  ours: W,
  script: (world: W) => unknown,
): Promise<Outcome> {
  const [expected, actual] = [await outcome(() => script(theirs)), await outcome(() => script(ours))];
  assert.deepEqual(actual, expected, `${name}: ${String(script)}`);
  return actual;
}
