/** Writing to standard output by the raw instruction, on Linux: `syscall` or `svc`, in a function that is made for it. */
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { loadSyscallFunctions } from '../../packages/pawl/src/sys/emit/index.ts';
import { currentArch, SYSCALL_NUMBERS } from '../../packages/pawl/src/sys/linux.ts';

const STDOUT = 1;

// #region raw
/** Emits a function that is little more than the instruction, and calls it. */
export function byInstruction(text: string): void {
  const arch = currentArch();
  const { i3 } = loadSyscallFunctions(arch);
  const message = new TextEncoder().encode(text);
  const memory = arena.take(message.length); // where the kernel can read: the garbage collector moves what is its own
  memory.bytes.set(message);
  i3(SYSCALL_NUMBERS[arch].write, STDOUT, memory.address, message.length);
  arena.release(memory);
}
// #endregion
