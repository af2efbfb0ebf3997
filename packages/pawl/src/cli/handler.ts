/** The fetch handler of a program for `pawl serve`, and what is printed of its requests. */
import type { Exchange, FetchOptions } from '../http/index.ts';
import { importProgram, ProgramError } from './program.ts';

const WHAT_TO_WRITE = `Write, for example:

  export const fetch = (request: Request) => new Response(\`hello from \${request.url}\\n\`);
`;

/** A line of the log. */
export function print({ method, target, status, bytes, duration, complete }: Exchange): void {
  const end = complete ? '' : ' (broken off)';
  process.stdout.write(
    `${new Date().toISOString()} ${method} ${target} ${status} ${bytes} B ${duration.toFixed(1)} ms${end}\n`,
  );
}

/** Throws a {@link ProgramError} where there is none. */
export async function loadHandler(file: string, args: readonly string[]): Promise<FetchOptions['fetch']> {
  const { fetch, default: whole } = await importProgram(file, args);
  if (typeof fetch === 'function') return fetch as FetchOptions['fetch'];
  const within: unknown = typeof whole === 'object' && whole !== null && 'fetch' in whole ? whole.fetch : undefined;
  // Bound: an application may be an object with methods.
  if (typeof within === 'function') return (...given) => Reflect.apply(within, whole, given) as Response;
  throw new ProgramError(`${file} exports no function \`fetch\`, nor a default export that has one. ${WHAT_TO_WRITE}`);
}
