/** The harness's side of a measuring process: started with one assignment, asked for one sample at a time, always ended by its owner. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Assignment, Report, Sample } from './measure.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Longer than any one run takes on a slow machine: a run that hangs must not hang the suite. */
const RUN_LIMIT_MS = 60_000;
/** The flags that `npm run bench` gives this process; spelled out so that a child does not depend on how its parent was started. */
export const NODE_FLAGS: readonly string[] = [
  '--conditions=pawl-source',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
];

/** Figures are production figures unless a row says otherwise; the mode is chosen here and nowhere else. */
export type Mode = 'production' | 'development';

export class MeasuringProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #ended: Promise<unknown>;
  #errors = '';

  constructor(assignment: Assignment, mode: Mode) {
    this.#what = `${assignment.measure} of ${assignment.module.replace(/.*\//, '')}`;
    this.#child = fork(WORKER, [JSON.stringify(assignment)], {
      execArgv: [...NODE_FLAGS],
      env: { ...process.env, NODE_ENV: mode },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#ended = once(this.#child, 'close');
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** Waits until its measure is warm. */
  async ready(): Promise<void> {
    await this.#report();
  }

  /** One more run. */
  async sample(): Promise<Sample> {
    this.#child.send('run');
    const report = await this.#report();
    if (!('sample' in report)) throw new Error(`${this.#what}: reported no sample`);
    return report.sample;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #report(): Promise<Report> {
    const limit = AbortSignal.timeout(RUN_LIMIT_MS);
    const message = once(this.#child, 'message', { signal: limit }) as Promise<[Report]>;
    const first = await Promise.race([message, this.#ended.then(() => null)]);
    if (first === null) throw new Error(`${this.#what} ended early:\n${this.#errors}`);
    return first[0];
  }
}
