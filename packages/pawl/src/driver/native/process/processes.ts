/** Processes of the native driver: see the contract. */
import * as sys from '../../../sys/pipe.ts';
import { terminalSize, type TerminalSize } from '../../../sys/terminal.ts';
import type { Opened } from '../../driver.ts';
import type {
  DescriptorHandle,
  PipeReaderHandle,
  PipeWriterHandle,
  ProcessDriver,
  SignalHandle,
  SpawnedChild,
  SpawnRequest,
  Standard,
} from '../../process.ts';
import type { NativeFiles } from '../files/files.ts';
import type { Reactor } from '../reactor.ts';
import { running } from './child.ts';
import { NativeDescriptor } from './descriptor.ts';
import { type FifoEnd, openFifoEnd } from './fifo.ts';
import { nativePipe, NativePipeReader, NativePipeWriter, ofDescriptor } from './pipe.ts';
import { NativeSignal, openSignals, signalCount } from './signal.ts';
import { spawnNative } from './spawn.ts';
import { rawTerminal, standardInput, standardOutput } from './standard.ts';

export class NativeProcesses implements ProcessDriver {
  readonly #reactor: Reactor;
  readonly #files: NativeFiles;

  constructor(reactor: Reactor, files: NativeFiles) {
    this.#reactor = reactor;
    this.#files = files;
  }

  get children(): number {
    return running.size;
  }

  /** Listeners for signals, of this thread. */
  get signals(): number {
    return signalCount();
  }

  /** Those that are open and no descriptors of ours. */
  *opened(): Iterable<Opened> {
    for (const object of openSignals()) yield { object, what: object.what };
  }

  spawn(request: SpawnRequest): SpawnedChild {
    return spawnNative(this.#reactor, request);
  }

  listen(signal: string): SignalHandle {
    return new NativeSignal(this.#reactor, signal, () => this.#files.blocking);
  }

  pipe(): [PipeReaderHandle, PipeWriterHandle] {
    return nativePipe(this.#reactor);
  }

  makeFifo(path: string, permissions: number): void {
    sys.makeFifo(path, permissions);
  }

  openFifo(path: string, end: 'read' | 'both'): PipeReaderHandle;
  openFifo(path: string, end: 'write'): PipeWriterHandle;
  openFifo(path: string, end: FifoEnd): PipeReaderHandle | PipeWriterHandle {
    const fd = openFifoEnd(path, end);
    const what = `FIFO '${path}'`;
    const reactor = this.#reactor;
    if (end === 'write') return ofDescriptor(fd, () => new NativePipeWriter(reactor, fd, what));
    return ofDescriptor(fd, () => new NativePipeReader(reactor, fd, what));
  }

  standardInput(): Standard<PipeReaderHandle> {
    return standardInput(this.#reactor, this.#files);
  }

  standardOutput(fd: 1 | 2): Standard<PipeWriterHandle> {
    return standardOutput(this.#reactor, this.#files, fd);
  }

  terminalSize(fd: 0 | 1 | 2): TerminalSize | null {
    return terminalSize(fd);
  }

  rawTerminal(fd: 0): () => void {
    return rawTerminal(fd);
  }

  watch(fd: number, owned: boolean): DescriptorHandle {
    return new NativeDescriptor(this.#reactor, fd, owned);
  }
}
