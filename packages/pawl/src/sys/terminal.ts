/** Terminals: their size, and what they do with what is typed. */
import { arena } from './arena.ts';
import { check } from './errno.ts';
import { TCGETS, TCSETS, TERMIOS, TIOCGWINSZ } from './linux.ts';
import * as sys from './syscalls/index.ts';

// Flags of termios: asm-generic/termbits-common.h, asm-generic/termbits.h.
const BRKINT = 0x2;
const ICRNL = 0x100;
const INPCK = 0x10;
const ISTRIP = 0x20;
const IXON = 0x400;
const CSIZE = 0x30;
const PARENB = 0x100;
const CS8 = 0x30;
const ISIG = 0x1;
const ICANON = 0x2;
const ECHO = 0x8;
const IEXTEN = 0x8000;
const VTIME = 5;
const VMIN = 6;

const memory = arena.take(64);

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Columns and rows; null for what is no terminal. */
export function terminalSize(fd: number): TerminalSize | null {
  if (sys.ioctl(fd, TIOCGWINSZ, memory.address) < 0) return null;
  const [rows = 0, columns = 0] = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset, 2);
  return { columns, rows };
}

/** How the terminal is set: the kernel's struct, as it is. */
export function terminalMode(fd: number): Uint8Array {
  check(sys.ioctl(fd, TCGETS, memory.address), 'tcgetattr');
  return memory.bytes.slice(0, TERMIOS.size);
}

export function setTerminalMode(fd: number, mode: Uint8Array): void {
  memory.bytes.set(mode);
  check(sys.ioctl(fd, TCSETS, memory.address), 'tcsetattr');
}

/** The same terminal, but each byte is given as it is typed: not echoed, not edited, and no key sends a signal. Output is still processed. */
export function rawMode(mode: Uint8Array): Uint8Array {
  const raw = mode.slice();
  const flags = new DataView(raw.buffer);
  const change = (at: number, off: number, on = 0): void =>
    flags.setUint32(at, (flags.getUint32(at, true) & ~off) | on, true);
  change(TERMIOS.input, BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  change(TERMIOS.control, CSIZE | PARENB, CS8);
  change(TERMIOS.local, ECHO | ICANON | IEXTEN | ISIG);
  raw[TERMIOS.characters + VMIN] = 1;
  raw[TERMIOS.characters + VTIME] = 0;
  return raw;
}
