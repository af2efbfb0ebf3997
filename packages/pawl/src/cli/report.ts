/** Writing an error out for a person: its stack, then what it carries, then its causes and whatever it suppressed. */
import { inspect } from 'node:util';
import { isInternalLine } from '../future/trace.ts';

/** The fields of an error that {@link report} shows in other ways. */
const SHOWN = new Set(['stack', 'message', 'name', 'cause', 'errors', 'error', 'suppressed']);

/** The whole text, several lines, ending without a line feed. Errors that refer to each other in a circle are cut. */
export function report(error: unknown): string {
  return lines(error, new Set()).join('\n');
}

function lines(error: unknown, seen: Set<unknown>): string[] {
  if (!(error instanceof Error)) return [`Thrown: ${inspect(error)}`];
  if (seen.has(error)) return [`${error.name}: ${error.message} (shown above)`];
  seen.add(error);
  const stack = (error.stack ?? `${error.name}: ${error.message}`).split('\n');
  const out = stack.filter((line) => !line.startsWith('    at ') || !isInternalLine(line));
  const fields = Object.entries(error).filter(([key]) => !SHOWN.has(key));
  if (fields.length > 0) out.push(`    ${inspect(Object.fromEntries(fields), { breakLength: Infinity })}`);
  if (error instanceof SuppressedError) {
    out.push(...nested('Error: ', error.error, seen), ...nested('Suppressed: ', error.suppressed, seen));
  }
  if (error instanceof AggregateError) {
    for (const one of error.errors) out.push(...nested('One of: ', one, seen));
  }
  if (error.cause !== undefined) out.push(...nested('Caused by: ', error.cause, seen));
  return out;
}

function nested(title: string, error: unknown, seen: Set<unknown>): string[] {
  return lines(error, seen).map((line, index) => `  ${index === 0 ? title : ''}${line}`);
}
