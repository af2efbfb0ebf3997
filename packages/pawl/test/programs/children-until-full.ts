/** Starts children while fewer descriptors are left than they need, and says what came of it, and whether anything was left behind. */
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type PawlError, run } from 'pawl';
import { Command, type CommandOptions, pipe } from 'pawl/process';
import { nativeDriver } from '../../src/driver/native/index.ts';

const folder = process.argv[2]!;

/** The code of a failure. */
const codeOf = async (command: Command): Promise<string> =>
  run(command.status()).then(
    (status) => String(status),
    (error: PawlError) => error.code,
  );

/** Leaves a mark, by which it can be told from one that was never started. */
const marks = (options: CommandOptions): Command =>
  new Command('sh', ['-c', ': > "$0/mark"; exec sleep 1', folder], options);

const [reader, writer] = await run(pipe());
const commands = [
  marks({ stdin: 'inherit' }),
  marks({ stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' }),
  marks({ stdin: { path: '/dev/null' }, stdout: 'pipe', stderr: { path: `${folder}/err` } }),
  marks({ stdin: reader, stdout: writer, stderr: 'pipe' }),
  marks({ stdin: 0, stdout: 2, stderr: 1 }),
];
// Whatever the first use opens for good is open now.
await codeOf(new Command('true'));

const descriptors = (): string => readdirSync('/proc/self/fd').join(' ');
const fill = (): number[] => {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
};

const before = descriptors();
const codes = new Set<string>();
const left: string[] = [];
/** How many each needs: its pidfd, and what its streams take. */
for (const [index, need] of [1, 7, 5, 3, 3].entries()) {
  for (let free = 0; free < need; free++) {
    const taken = fill();
    for (const fd of taken.splice(0, free)) closeSync(fd);
    codes.add(await codeOf(commands[index]!));
    for (const fd of taken) closeSync(fd);
    if (descriptors() !== before) left.push(`descriptors of ${index} with ${free}`);
    if (readdirSync(folder).includes('mark')) left.push(`${index} ran with ${free}`);
    rmSync(`${folder}/mark`, { force: true });
  }
}
if (reader.closed || writer.closed) left.push('an end was taken away');

// The kernel's list, zombies among them.
const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
console.log(...codes, nativeDriver().processes.children, children === '', ...left);
