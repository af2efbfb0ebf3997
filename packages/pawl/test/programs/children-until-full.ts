/** Starts a child while no descriptor is left for it, and says whether one is left behind. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { type PawlError, run } from 'pawl';
import { Command } from 'pawl/process';
import { nativeDriver } from '../../src/driver/native/index.ts';

/** The code of a failure. */
const codeOf = async (command: Command): Promise<string> =>
  run(command.status()).then(
    (status) => String(status),
    (error: PawlError) => error.code,
  );

const inherits = new Command('sleep', ['60'], { stdin: 'inherit' });
const pipes = new Command('sleep', ['60'], { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
// Whatever the first use opens for good is open now.
await codeOf(new Command('true'));

const taken: number[] = [];
const codes: string[] = [];
for (;;) {
  try {
    taken.push(openSync('/dev/null', 'r'));
  } catch {
    break;
  }
}
// None for the pidfd; then one less than each of the three pipes needs, and so on.
codes.push(await codeOf(inherits));
for (let free = 0; free < 6; free++) {
  codes.push(await codeOf(pipes));
  closeSync(taken.pop()!);
}
for (const fd of taken) closeSync(fd);

// The kernel's list, zombies among them.
const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
console.log(...new Set(codes), nativeDriver().processes.children, children === '');
