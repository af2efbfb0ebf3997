/**
 * A debugger as an editor has one: it runs a program in a child process, knows the program by its source, and talks of places in that alone.
 *
 * What must hold: it leads everything through the source map that the compiled module comes with, sets breakpoints before the module runs, and
 * skips the runtime and Node as an editor skips libraries. The child ends with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { SourceMap } from 'node:module';
import { pathToFileURL } from 'node:url';
import { segmentsOf } from '../../src/output/source-map.ts';
import { root } from '../../../pawl/test/support/command.ts';

/** From 1, as an editor counts. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Frame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number };
}

interface Pause {
  readonly reason: string;
  readonly data?: { readonly url?: string; readonly sourceMapURL?: string; readonly scriptId?: string };
  readonly hitBreakpoints?: readonly string[];
  readonly callFrames: readonly Frame[];
}

/** A place of the output may come from nowhere. */
function isMapped(entry: object): entry is { generatedLine: number; originalLine: number; originalColumn: number } {
  return 'originalLine' in entry && typeof entry.originalLine === 'number';
}

/** Not to be stepped into: the runtime, the compiler, and Node. */
const LIBRARIES = ['/packages/pawl/src/', '/packages/corofy/src/', '^node:'];

const COMPILER = new URL('./uncached.ts', import.meta.url).href;

export class Debugger implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly socket: WebSocket;
  private readonly url: string;
  private readonly answers = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>();
  private readonly pauses: Pause[] = [];
  private arrived: (() => void) | null = null;
  private ended = false;
  private map: SourceMap | null = null;
  private script = '';

  private constructor(child: ChildProcess, socket: WebSocket, program: string) {
    this.child = child;
    this.socket = socket;
    this.url = pathToFileURL(program).href;
    socket.addEventListener('message', ({ data }) => this.heard(JSON.parse(String(data)) as never));
    socket.addEventListener('close', () => {
      this.ended = true;
      this.arrived?.();
    });
  }

  /** Starts a program, with breakpoints at the beginning of these lines, and pauses at the first that is hit. */
  static async run(program: string, breakpoints: readonly number[]): Promise<Debugger> {
    const options = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];
    const args = ['--inspect-brk=127.0.0.1:0', ...options, '--import', COMPILER, program];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const text of child.stderr.setEncoding('utf8')) {
      said += text as string;
      if (/listening on ws:\S+\n/.test(said)) break;
    }
    const address = /listening on (ws:\S+)/.exec(said)?.[1];
    if (address === undefined) throw new Error(`no debugger: ${said}`);
    const socket = new WebSocket(address);
    await once(socket, 'open');
    const made = new Debugger(child, socket, program);
    await made.begin(breakpoints);
    return made;
  }

  private async begin(breakpoints: readonly number[]): Promise<void> {
    await this.ask('Runtime.enable');
    await this.ask('Debugger.enable');
    await this.ask('Debugger.setBlackboxPatterns', { patterns: LIBRARIES });
    await this.ask('Debugger.setInstrumentationBreakpoint', { instrumentation: 'beforeScriptWithSourceMapExecution' });
    await this.ask('Runtime.runIfWaitingForDebugger');
    for (;;) {
      const { reason, data } = await this.nextPause();
      if (data?.url === this.url && data.sourceMapURL?.startsWith('data:') === true) {
        const text = Buffer.from(data.sourceMapURL.slice(data.sourceMapURL.indexOf(',') + 1), 'base64').toString();
        this.map = new SourceMap(JSON.parse(text) as never);
        this.script = data.scriptId ?? '';
        for (const line of breakpoints) await this.setBreakpoint(line);
        break;
      }
      if (reason !== 'instrumentation' && reason !== 'Break on start') throw new Error(`paused: ${reason}`);
      await this.ask('Debugger.resume');
    }
    await this.resume();
  }

  /** At the first place of the output that comes from the line. */
  private async setBreakpoint(line: number): Promise<void> {
    const entry = this.first(line);
    const location = { scriptId: this.script, lineNumber: entry.generatedLine, columnNumber: entry.generatedColumn };
    await this.ask('Debugger.setBreakpoint', { location });
  }

  private first(line: number): { generatedLine: number; generatedColumn: number } {
    const { mappings } = (this.map as SourceMap).payload;
    for (const [generatedLine, generatedColumn, sourceLine] of segmentsOf(mappings))
      if (sourceLine === line - 1) return { generatedLine, generatedColumn };
    throw new Error(`nothing of the output comes from line ${line}`);
  }

  /** Where it is paused, in the source; null when that place comes from nowhere in it. */
  get place(): Place | null {
    const { location } = this.top;
    if (location.scriptId !== this.script) return null;
    const entry = (this.map as SourceMap).findEntry(location.lineNumber, location.columnNumber);
    if (!isMapped(entry) || entry.generatedLine !== location.lineNumber) return null;
    return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  get functionName(): string {
    return this.top.functionName;
  }

  private paused: Pause | null = null;

  private get top(): Frame {
    const frame = this.paused?.callFrames[0];
    if (frame === undefined) throw new Error('not paused');
    return frame;
  }

  /** True when it has paused again, false when the program has ended. */
  async resume(): Promise<boolean> {
    return this.goOn('Debugger.resume');
  }

  /** To the next place that is of the source, on another line; what the compiler has put between is stepped through, as an editor does. */
  async stepOver(): Promise<boolean> {
    const from = this.place;
    for (let steps = 0; steps < 1000; steps++) {
      if (
        !(await this.goOn(steps === 0 || this.place?.line === from?.line ? 'Debugger.stepOver' : 'Debugger.stepInto'))
      )
        return false;
      const { place } = this;
      if (place !== null && place.line !== from?.line) return true;
    }
    throw new Error('a hundred steps, and no other line');
  }

  private async goOn(method: string): Promise<boolean> {
    await this.ask(method);
    this.paused = await this.nextPause().catch(() => null);
    return this.paused !== null;
  }

  private async nextPause(): Promise<Pause> {
    for (;;) {
      const pause = this.pauses.shift();
      if (pause !== undefined) return pause;
      if (this.ended) throw new Error('the program has ended');
      await new Promise<void>((resolve) => (this.arrived = resolve));
    }
  }

  private sent = 0;

  private ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.sent;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.answers.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(error.message)),
      );
    });
  }

  private heard(message: {
    id?: number;
    method?: string;
    params?: unknown;
    result?: unknown;
    error?: { message: string };
  }): void {
    if (message.id !== undefined) {
      this.answers.get(message.id)?.(message);
      this.answers.delete(message.id);
    } else if (message.method === 'Debugger.paused') {
      this.pauses.push(message.params as Pause);
      this.arrived?.();
    } else if (message.method === 'Runtime.executionContextDestroyed') {
      // The program has ended, and waits for the debugger to go.
      this.socket.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}
