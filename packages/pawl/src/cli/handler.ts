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

/** What a program may say of its server, in its export `serveOptions`; where it listens is the command line's. */
const SAYS = ['asyncContext', 'globals', 'halfClose', 'limits', 'onError', 'timeouts', 'tls'] as const;

/** A program's fetch handler, and its options. Throws a {@link ProgramError} where there is none, and for options that are none. */
export async function loadHandler(file: string, args: readonly string[]): Promise<FetchOptions> {
  const { fetch, serveOptions = {}, default: whole } = await importProgram(file, args);
  if (typeof serveOptions !== 'object' || serveOptions === null)
    throw new ProgramError(`${file} exports serveOptions that is no object.`);
  for (const name of Object.keys(serveOptions))
    if (!(SAYS as readonly string[]).includes(name))
      throw new ProgramError(`${file} exports serveOptions with \`${name}\`: what it may say is ${SAYS.join(', ')}.`);
  if (typeof fetch === 'function') return { ...serveOptions, fetch: fetch as FetchOptions['fetch'] };
  const within: unknown = typeof whole === 'object' && whole !== null && 'fetch' in whole ? whole.fetch : undefined;
  // Bound: an application may be an object with methods.
  if (typeof within === 'function')
    return { ...serveOptions, fetch: (...given) => Reflect.apply(within, whole, given) as Response };
  throw new ProgramError(`${file} exports no function \`fetch\`, nor a default export that has one. ${WHAT_TO_WRITE}`);
}
