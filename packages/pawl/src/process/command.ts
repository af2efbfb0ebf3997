/**
 * Command: a program, what it is called with, and what its streams are.
 *
 * What must hold: a command is immutable, and nothing happens before one of its futures is polled. Each poll that starts a child starts one.
 */
import type { ChildStream, SpawnRequest } from '../driver/process.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine, type Steps } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { checkBytes } from '../io/stream.ts';
import { checkDescriptor, checkText } from './check.ts';
import { Child, checkStop, type StopOptions } from './child.ts';
import type { ExitStatus } from './exit-status.ts';
import { Make } from './make.ts';
import { collect, type Output } from './output.ts';
import { PipeReader, PipeWriter } from './pipe.ts';

/**
 * What a child has as a standard stream: `'pipe'`, whose other end is ours; `'inherit'`, what this process has; `'null'`, nothing; a descriptor
 * that is open here (2 as its stdout: both go to our stderr); a file by its path, which is read, written anew, or appended to; or the end of a
 * pipe of ours, as another child's `stdout`: it is the child's from then on, and closed here.
 */
export type Stdio =
  | 'pipe'
  | 'inherit'
  | 'null'
  | number
  | { readonly path: string; readonly append?: boolean }
  | PipeReader
  | PipeWriter;

export interface CommandOptions {
  /** Where it runs. Default: where this process is. */
  readonly cwd?: string;
  /** Added to this process's variables; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It has only the variables of `env`. Default false. */
  readonly clearEnv?: boolean;
  /** By what name it is called, where that is not the program's (`argv[0]`: busybox and login shells look at it). */
  readonly argv0?: string;
  /** Default `'null'`. */
  readonly stdin?: Stdio;
  /** Default `'inherit'`; of {@link Command.output}, `'pipe'`. */
  readonly stdout?: Stdio;
  readonly stderr?: Stdio;
  /**
   * `true`: it leads a new process group, whose members are signalled with it, and which the terminal's Ctrl-C does not reach. `'session'`: also a
   * new session, without a terminal, for what is to outlive this process. Default false.
   */
  readonly group?: boolean | 'session';
  /** Whoever waits for it and is cancelled stops it: SIGTERM, then SIGKILL. Default false: it goes on. */
  readonly stopOnCancel?: boolean | StopOptions;
}

/** How {@link Command.output} collects. */
export interface OutputOptions {
  /** What it is given as its standard input, which then is a pipe. */
  readonly input?: string | Uint8Array;
  /** The most bytes of each of its two outputs. Default 16 MiB. */
  readonly limit?: number;
}

/**
 * A program to run, without a shell: arguments are given as they are.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { BufferedReader } from 'pawl/io';
 * import { Command } from 'pawl/process';
 * await run(function* () {
 *   const { status, text } = yield* new Command('sort', ['-n']).output({ input: '10\n9\n' });
 *   console.log(status.success, JSON.stringify(text)); // true "9\n10\n"
 *
 *   const child = yield* new Command('cat', [], { stdin: 'pipe', stdout: 'pipe' }).spawn();
 *   yield* child.stdin!.writeAll(new TextEncoder().encode('over and out\n'));
 *   child.stdin!.close();
 *   console.log(yield* new BufferedReader(child.stdout!).readLine()); // over and out
 *   child.stdout!.close();
 *   console.log(String(yield* child.wait())); // exit code 0
 *
 *   const lister = yield* new Command('printf', ['%s\\n', 'b', 'a'], { stdout: 'pipe' }).spawn();
 *   const sorted = yield* new Command('sort', [], { stdin: lister.stdout! }).output(); // as `printf … | sort` in a shell
 *   console.log(JSON.stringify(sorted.text)); // "a\nb\n"
 * });
 * ```
 */
export class Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: CommandOptions;

  /** Throws BAD_ARGUMENT. */
  constructor(program: string, args: readonly string[] = [], options: CommandOptions = {}) {
    checkText('a program', program, false);
    // The letters of a string would be arguments, too.
    if (!Array.isArray(args)) throw new PawlError('BAD_ARGUMENT', `arguments are a list, got ${typeof args}`);
    for (const arg of args) checkText('an argument', arg);
    this.program = program;
    this.args = Object.freeze([...args]);
    this.options = check(options);
    Object.freeze(this);
  }

  /** The same with other options besides. Throws BAD_ARGUMENT. */
  with(options: CommandOptions): Command {
    return new Command(this.program, this.args, { ...this.options, ...options });
  }

  /**
   * Starts it. It runs its program when this is done; this thread is stopped for that long, about a millisecond.
   *
   * Cancelling it is *safe*: it is started, or not. Errors, with the program as `path`: ENOENT (not found, or the interpreter of a script is not),
   * EACCES (not to be executed), ENOEXEC (no program, and a script without a first line that names its interpreter), E2BIG; ENOENT or ENOTDIR
   * with `cwd` as `path`; those of opening a file for it; CLOSED for the end of a pipe; EBADF for a descriptor that is not open; EAGAIN, EMFILE,
   * ENOMEM; FFI_DENIED under a permission model without child processes;
   * UNSUPPORTED_PLATFORM.
   */
  spawn(): Future<Child> {
    return spawnOf(this);
  }

  /**
   * Runs it to its end: how it has ended. Its pipes, if it has any, are closed at once.
   *
   * Cancelling it is *safe*: it goes on, or is stopped if `stopOnCancel` is given. Errors: as {@link spawn}.
   */
  status(): Future<ExitStatus> {
    return ended(this);
  }

  /**
   * Runs it to its end and collects what it writes: done when it has ended and nobody has its outputs open any more, a program that it has started
   * among them. A code other than 0 is no error here: see `status`.
   *
   * Cancelling it *loses data*: what was read is gone. The child goes on without a reader, or is stopped if `stopOnCancel` is given. Errors: as
   * {@link spawn}; LIMIT_EXCEEDED when it writes more than `limit`, after it was stopped; BAD_ARGUMENT at once.
   */
  output(options: OutputOptions = {}): Future<Output> {
    knownOptions('output', options, { input: true, limit: true });
    const { input, limit = 16 * 1024 * 1024 } = options;
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new PawlError('BAD_ARGUMENT', `limit is a number of bytes, got ${limit}`);
    if (input !== undefined && typeof input !== 'string') checkBytes(input);
    const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    const command = this.with({
      stdout: this.options.stdout ?? 'pipe',
      stderr: this.options.stderr ?? 'pipe',
      ...(bytes === undefined ? {} : { stdin: 'pipe' }),
    });
    return collect(command, bytes ?? null, limit);
  }

  /** As in a message: the program, and its arguments. */
  toString(): string {
    return [this.program, ...this.args].join(' ');
  }
}

const OPTIONS = {
  cwd: true,
  env: true,
  clearEnv: true,
  argv0: true,
  stdin: true,
  stdout: true,
  stderr: true,
  group: true,
  stopOnCancel: true,
} as const;

const OTHER_USER = 'a child has the user, the groups and the umask of this process, which has no way to give it others';

/** What other libraries' children have: what there is instead. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['uid', OTHER_USER],
  ['gid', OTHER_USER],
  ['umask', OTHER_USER],
  ['detached', "group: true, or group: 'session'"],
  ['shell', "new Command('sh', ['-c', script])"],
  ['timeout', 'timeout(ms, command.status()) and the option stopOnCancel'],
  ['stdio', 'stdin, stdout and stderr'],
]);

function check(options: CommandOptions): CommandOptions {
  for (const name of Object.keys(options ?? {})) {
    const instead = ELSEWHERE.get(name);
    if (instead !== undefined) throw new PawlError('BAD_ARGUMENT', `a command has no option "${name}": ${instead}`);
  }
  knownOptions('a command', options, OPTIONS);
  const { cwd, env = {}, clearEnv = false, argv0, stdin, stdout, stderr, group = false, stopOnCancel } = options;
  if (cwd !== undefined) checkText('cwd', cwd, false);
  if (argv0 !== undefined) checkText('argv0', argv0);
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw new PawlError('BAD_ARGUMENT', 'env is an object of variables: their names, and their values');
  for (const [name, value] of Object.entries(env)) {
    checkText('the name of a variable', name, false);
    if (name.includes('=')) throw new PawlError('BAD_ARGUMENT', `the name of a variable cannot contain a =: ${name}`);
    if (value !== undefined) checkText(`the variable ${name}`, value);
  }
  if (typeof clearEnv !== 'boolean')
    throw new PawlError('BAD_ARGUMENT', `clearEnv is true or false, got ${String(clearEnv)}`);
  if (typeof group !== 'boolean' && group !== 'session')
    throw new PawlError('BAD_ARGUMENT', `group is true, false or 'session', got ${String(group)}`);
  if (stdin !== undefined) toStream(stdin, true);
  for (const stream of [stdout, stderr]) if (stream !== undefined) toStream(stream, false);
  if (stopOnCancel !== undefined && typeof stopOnCancel !== 'boolean') checkStop(stopOnCancel);
  return Object.freeze({ ...options, ...(options.env === undefined ? {} : { env: Object.freeze({ ...env }) }) });
}

/** Throws BAD_ARGUMENT. */
function toStream(stdio: Stdio, input: boolean): ChildStream {
  if (stdio === 'pipe' || stdio === 'inherit' || stdio === 'null') return { kind: stdio };
  if (typeof stdio === 'number') {
    checkDescriptor(stdio);
    return { kind: 'descriptor', fd: stdio };
  }
  if (stdio instanceof PipeReader || stdio instanceof PipeWriter) {
    if (stdio instanceof PipeReader !== input)
      throw new PawlError('BAD_ARGUMENT', `${stdio.peerName} has the wrong direction: a child reads its stdin`);
    return { kind: 'end', end: stdio.handle };
  }
  if (typeof stdio === 'object' && stdio !== null) {
    knownOptions('a standard stream', stdio, { path: true, append: true });
    checkText('the path of a standard stream', stdio.path, false);
    const { path, append = false } = stdio;
    // Anything else would empty the file.
    if (typeof append !== 'boolean')
      throw new PawlError('BAD_ARGUMENT', `append is true or false, got ${String(append)}`);
    return { kind: 'file', path, append };
  }
  throw new PawlError(
    'BAD_ARGUMENT',
    `a standard stream is 'pipe', 'inherit', 'null', a descriptor, { path } or the end of a pipe, got ${String(stdio)}`,
  );
}

function environmentOf({ env = {}, clearEnv = false }: CommandOptions): Record<string, string> {
  // A variable may be called __proto__.
  const environment = Object.create(null) as Record<string, string>;
  for (const variables of clearEnv ? [env] : [process.env, env]) {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete environment[name];
      else environment[name] = value;
    }
  }
  return environment;
}

function spawnOf(command: Command): Future<Child> {
  const { program, args } = command;
  const { options } = command;
  const { cwd, stdin = 'null', stdout = 'inherit', stderr = 'inherit', group = false, stopOnCancel = false } = options;
  const onCancel = stopOnCancel === false ? null : checkStop(stopOnCancel === true ? {} : stopOnCancel);
  return new Make(`the start of ${program}`, (processes) => {
    const request: SpawnRequest = {
      program,
      args: [options.argv0 ?? program, ...args],
      environment: environmentOf(options),
      cwd: cwd ?? null,
      streams: [toStream(stdin, true), toStream(stdout, false), toStream(stderr, false)],
      leads: group === 'session' ? 'session' : group ? 'group' : null,
    };
    return new Child(processes.spawn(request), program, onCancel);
  });
}

const ended = coroutine(function* status(command: Command): Steps<ExitStatus> {
  const child = yield* command.spawn();
  child.closePipes();
  return yield* child.wait();
});
