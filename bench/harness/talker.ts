/** Server, client and load generator processes: what they print is read line by line, and whoever started one ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** Longer than a run or the opening of ten thousand connections takes. */
const LINE_LIMIT_MS = 30_000;
const FINISH_LIMIT_MS = 5000;

/** A process that says what it has to say in lines, and ends when its standard input does (the C server: with its parent). */
export class Talker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #lines: Interface;
  readonly #ended: Promise<unknown>;
  #errors = '';

  constructor(name: string, command: readonly string[]) {
    this.#name = name;
    this.#child = spawn(command[0]!, command.slice(1), {
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close');
    // It may end before it has read what it was told.
    this.#child.stdin!.on('error', () => {});
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#lines = createInterface({ input: this.#child.stdout! });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line; ask before it can come. */
  async line(): Promise<string> {
    const limit = AbortSignal.timeout(LINE_LIMIT_MS);
    const line = once(this.#lines, 'line', { signal: limit }) as Promise<[string]>;
    const first = await Promise.race([line, this.#ended.then(() => null)]);
    if (first === null) throw new Error(`${this.#name} ended early${this.complaint()}`);
    return first[0];
  }

  /** Tells it something, in a line of its own. */
  tell(text: string): void {
    this.#child.stdin!.write(`${text}\n`);
  }

  /** Ends its standard input and waits until it has ended by itself, so that it can write what it writes at its end (a profile). */
  async finish(): Promise<void> {
    this.#child.stdin!.end();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), FINISH_LIMIT_MS);
    await this.#ended;
    clearTimeout(patience);
  }

  /** How it ended, if it has, and what it wrote to standard error: for the error of whoever was left alone by it. */
  complaint(): string {
    const { exitCode, signalCode } = this.#child;
    const end = exitCode === null && signalCode === null ? '' : ` (${signalCode ?? `code ${exitCode}`})`;
    return `${end}${this.#errors === '' ? '' : `:\n${this.#errors}`}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** A running server. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  complaint(): string;
}
