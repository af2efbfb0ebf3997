/**
 * `pawl/http` as the suite uses it. Loaded when a contender starts: a build of Pawl without it is a contender that is reported as missing,
 * while the peers are still measured.
 */
import type { Future } from 'pawl';

export interface Http {
  serve(options: {
    readonly hostname?: string;
    readonly port: number;
    readonly handler?: (request: unknown) => string;
    readonly fetch?: (request: Request) => Response | Promise<Response>;
  }): Future<{ readonly port: number; readonly closed: Future<void> }>;
  request(url: string): Future<{ readonly status: number; readonly body: { text(): Future<string> } }>;
}

const MODULE = 'pawl/http';

/** Ends the process where the export is missing: the suite repeats what it says. */
export async function loadHttp<Name extends keyof Http>(name: Name): Promise<Http[Name]> {
  const exported = (await import(MODULE).catch((error: unknown) => leave((error as Error).message))) as Partial<Http>;
  return exported[name] ?? leave(`${MODULE} exports no ${name}`);
}

function leave(reason: string): never {
  console.error(reason);
  process.exit(1);
}
