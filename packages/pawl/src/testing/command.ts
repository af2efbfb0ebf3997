/** The command that runs a failed simulation again. */
import { relative } from 'node:path';

/** Where a simulation was called from. */
export interface CallSite {
  /** The name of the test, with those of its suites, where a runner of Node's tells. */
  readonly test: string | undefined;
  readonly file: string | undefined;
  readonly runner: 'node' | 'vitest' | 'none';
}

interface TestContext {
  readonly name: string;
  readonly filePath?: string;
}

/** Flags without which a program may not load. Node's runner hands all there are to the processes of its tests, defaults among them. */
const KEPT = /^--(?:conditions|disable-warning|env-file|expose-gc|import|loader|require)\b/;

/** Must be called by the test itself, before it has awaited anything. */
export function callSite(): CallSite {
  const { env, argv, execArgv } = process;
  const [, main] = argv;
  if (env['VITEST'] !== undefined) return { test: undefined, file: undefined, runner: 'vitest' };
  if (env['NODE_TEST_CONTEXT'] === undefined && !execArgv.includes('--test'))
    return { test: undefined, file: main, runner: 'none' };
  // Only where there is a runner already: loading it would begin one.
  const { getTestContext } = process.getBuiltinModule('node:test') as {
    getTestContext?: () => TestContext | undefined;
  };
  const context = getTestContext?.();
  return { test: context?.name, file: context?.filePath ?? main, runner: 'node' };
}

/** A line for a shell: the environment, the program, and its arguments. */
export function replayCommand(seed: number, schedule: string | undefined, { test, file, runner }: CallSite): string {
  const replay = `PAWL_SEED=${seed}${schedule === undefined ? '' : `:${schedule}`}`;
  if (runner === 'vitest') return `${replay} npx vitest run`;
  if (file === undefined) return `${replay} npm test`;
  const path = relative(process.cwd(), file);
  if (runner === 'none') return [replay, 'node', ...process.execArgv, path].map(quoted).join(' ');
  const flags = process.execArgv.filter((flag) => KEPT.test(flag));
  const named = test === undefined ? [] : [`--test-name-pattern=^${escaped(test)}$`];
  return [replay, 'node', ...flags, '--test', ...named, path].map(quoted).join(' ');
}

function escaped(name: string): string {
  return name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** As one word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w%+,./:=@^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
