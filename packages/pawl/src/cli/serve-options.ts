/** The options of `pawl serve`: they come before the program, whose own arguments come after it. */
import { parseArgs } from 'node:util';

export interface ServeCommandOptions {
  readonly port: number;
  readonly host: string;
  /** Print each exchange. */
  readonly log: boolean;
  /** Milliseconds for what is under way when it is stopped. */
  readonly deadline: number;
  /** How many threads serve, each with an event queue of its own. */
  readonly threads: number;
  readonly watch: boolean;
  readonly help: boolean;
}

export interface ParsedServe {
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly options: ServeCommandOptions;
  /** What is wrong with the command line. */
  readonly wrong?: string;
}

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  log: { type: 'boolean' },
  deadline: { type: 'string' },
  threads: { type: 'string' },
  watch: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The environment is asked for what the command line does not say, as hosting services want it. */
export function parseServeOptions(given: readonly string[], env: NodeJS.ProcessEnv = process.env): ParsedServe {
  const fallback = {
    port: 3000,
    host: '127.0.0.1',
    log: false,
    deadline: 10_000,
    threads: 1,
    watch: false,
    help: false,
  };
  const [own, file, args] = divide(given);
  try {
    const { values } = parseArgs({ args: own, options: OPTIONS });
    const { host = env['HOST'] ?? fallback.host, log = false, watch = false, help = false } = values;
    const port = wholeNumber('port', values.port ?? env['PORT'] ?? '3000', 65_535);
    const deadline = wholeNumber('deadline', values.deadline ?? '10000', Number.MAX_SAFE_INTEGER);
    const threads = wholeNumber('threads', values.threads ?? '1', 1024, 1);
    return { file, args, options: { port, host, log, deadline, threads, watch, help } };
  } catch (error) {
    return { file, args, options: fallback, wrong: (error as Error).message };
  }
}

/** The options, the program, and what comes after it. */
function divide(given: readonly string[]): [own: string[], file: string | undefined, args: readonly string[]] {
  let at = 0;
  for (let arg = given[0]; arg !== undefined && arg.startsWith('-'); arg = given[at]) {
    const name = arg.slice(2) as keyof typeof OPTIONS;
    at += Object.hasOwn(OPTIONS, name) && OPTIONS[name].type === 'string' ? 2 : 1;
  }
  return [given.slice(0, at), given[at], given.slice(at + 1)];
}

function wholeNumber(name: string, text: string, most: number, least = 0): number {
  if (/^\d+$/.test(text) && Number(text) <= most && Number(text) >= least) return Number(text);
  const range = least === 0 ? `up to ${most}` : `from ${least} to ${most}`;
  throw new Error(`${name} must be a whole number ${range}, got "${text}"`);
}
