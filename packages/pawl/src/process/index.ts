/** Processes: children, pipes, the standard streams, signals, and descriptors of anyone's. */
export type { TerminalSize } from '../driver/process.ts';
export { AsyncFd, type AsyncFdOptions, WOULD_BLOCK } from './async-fd.ts';
export { Child, type StopOptions } from './child.ts';
export { Command, type CommandOptions, type OutputOptions, type Stdio } from './command.ts';
export { ExitStatus } from './exit-status.ts';
export {
  makeFifo,
  openFifoReader,
  type OpenFifoReaderOptions,
  openFifoWriter,
  type OpenFifoWriterOptions,
} from './fifo.ts';
export { Output } from './output.ts';
export { pipe, PipeReader, PipeWriter } from './pipe.ts';
export type { SignalName } from './signal-name.ts';
export { signals } from './signals.ts';
export { StandardInput, type StandardKind, StandardOutput, stderr, stdin, stdout } from './standard.ts';
