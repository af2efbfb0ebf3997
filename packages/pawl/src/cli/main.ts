/** The `pawl` command line: picks the command. Usage errors go to stderr and end with 2, a failed program with 1. */
import { readFileSync } from 'node:fs';
import { doctor } from './doctor.ts';
import { parseRunOptions } from './options.ts';
import { runProgram } from './run.ts';
import { parseServeOptions } from './serve-options.ts';
import { serveProgram } from './serve.ts';
import { watchProgram } from './watch.ts';

const HELP = `pawl runs programs on the Pawl runtime.

Usage:
  pawl run [options] program.ts [args…]
                                run the module's default export: a coroutine, or a function returning a future
      --dump-on-exit-timeout MS print the task tree when the program has been told to stop, or its main has ended,
                                and the process has not ended MS milliseconds later
  pawl serve [options] app.ts [args…]
                                serve HTTP: app.ts exports \`fetch\`, a function from Request to Response, or has it
                                in its default export (a Hono application is one)
                                and may export \`serveOptions\`: its timeouts, limits, halfClose, tls, onError, …
      --port N, --host HOST     where to listen (default: PORT and HOST of the environment, else 3000 and 127.0.0.1)
      --log                     print each request, with its status, size and time
      --deadline MS             how long requests that are under way may take when it is stopped (default 10000)
      --threads N               serve on N threads, which share the port (default 1)
      --watch                   start again whenever a file of the program changes
  pawl doctor                   say which driver and which system calls are in use, and why
  pawl --help                   print this
  pawl --version                print the version

Where the package corofy is installed, coroutine(async …) is compiled as it is loaded. A program ends with main's integer result as its exit code, with 1 when it fails, and with 130 or 143 after SIGINT or
SIGTERM, when its cleanup is done; a second signal ends it at once. SIGUSR2 prints the tree of all tasks with what each
waits for, and the program goes on.
`;

/** Runs the command line. `args` are those after `pawl` itself. */
export async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  switch (command) {
    case 'run':
      return runCommand(rest);
    case 'serve':
      return serveCommand(rest);
    case 'doctor':
      return rest.length === 0 ? doctor() : usageError(`doctor takes no arguments, got "${rest.join(' ')}"`);
    case '--help':
    case '-h':
    case 'help':
      process.stdout.write(HELP);
      return;
    case '--version':
    case '-v':
      process.stdout.write(`${version()}\n`);
      return;
    case undefined:
      return usageError('no command given');
    default:
      return usageError(`unknown command "${command}"`);
  }
}

function runCommand(given: readonly string[]): void | Promise<void> {
  const { args, options, wrong } = parseRunOptions(given);
  if (wrong !== undefined) return usageError(wrong);
  const [file, ...rest] = args;
  if (file === undefined) return usageError('run needs a program: pawl run program.ts [args…]');
  if (file === '--help' || file === '-h') {
    process.stdout.write(HELP);
    return;
  }
  if (file.startsWith('-'))
    return usageError(`unknown option "${file}" (a program's own arguments come after its file)`);
  return runProgram(file, rest, options);
}

function serveCommand(given: readonly string[]): void | Promise<void> {
  const { file, args, options, wrong } = parseServeOptions(given);
  if (wrong !== undefined) return usageError(wrong);
  if (options.help) process.stdout.write(HELP);
  else if (file === undefined) return usageError('serve needs a program: pawl serve app.ts');
  else return options.watch ? watchProgram(given) : serveProgram(file, args, options);
}

function usageError(message: string): void {
  process.stderr.write(`pawl: ${message}\n\n${HELP}`);
  process.exitCode = 2;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
