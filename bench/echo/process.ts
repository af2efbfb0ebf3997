/** Server and load generator processes: what they print is read line by line, and whoever started one ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

/** Longer than a run or the opening of ten thousand connections takes. */
const LINE_LIMIT_MS = 30_000;

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

/** A running echo server. */
export interface EchoServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  complaint(): string;
}

/**
 * Memory that only this process holds and that is in use (its unique set), in bytes. What the kernel keeps for a socket is not in it,
 * and is the same for every server.
 */
export function uniqueMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  let kilobytes = 0;
  for (const [, value] of text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)) kilobytes += Number(value);
  return kilobytes * 1024;
}
