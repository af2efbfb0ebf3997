/**
 * `corofy explain`: each coroutine of a file as it was written, and beside it the machine that it becomes, state by state.
 *
 * What must hold: both sides are the texts themselves; a line of the source stands beside the first state that comes from it.
 */
import { Lines } from '../lines.ts';
import { compileFile, type Options } from './files.ts';

const LEFT = 58;

/** False when the file has errors. */
export function explain(file: string, options: Options): boolean {
  // A closure's variables are written as they are in the source.
  const { source, code, compiled, good } = compileFile(file, {
    ...options,
    backEnd: options.backEnd === 'auto' ? 'closure' : options.backEnd,
  });
  if (!good) return false;
  const lines = new Lines(source);
  const machines = statesOf(code);
  if (machines.length === 0) {
    process.stdout.write(
      `${file}: nothing is marked with coroutine(async …)${options.generators ? ' or coroutine(function* …)' : ''}\n`,
    );
    return true;
  }
  const ordered = [...compiled].sort((a, b) => a.start - b.start);
  for (const [index, { name, start, end, states }] of ordered.entries()) {
    const first = lines.at(start).line;
    const last = lines.at(end).line;
    const { backEnd } = ordered[index] as { backEnd: string };
    process.stdout.write(
      `${name}, lines ${first} to ${last}: ${states} states, its variables in ${backEnd === 'closure' ? 'a closure' : 'fields'}\n\n`,
    );
    process.stdout.write(sideBySide(lines, first, last, machines[index] ?? []));
    process.stdout.write('\n');
  }
  process.stdout.write(LEGEND);
  return true;
}

const LEGEND = `How to read it: poll(cx) enters at a state and runs on until it has a result, or until what it awaits is not ready. It then keeps that
future and the next state, and returns PENDING; nothing of the stack is left. Whoever wakes the task makes it be polled again, at that state.
$late is true only past the deadline of a cleanup, where every await throws; $awaitable makes a future of a promise or a plain value.
`;

interface State {
  /** The line of the source that it begins with, or null. */
  readonly line: number | null;
  readonly text: readonly string[];
}

/** The states of each machine in compiled code, in the order of the text. */
function statesOf(code: string): State[][] {
  const machines: State[][] = [];
  const open: { indent: number; states: { line: number | null; text: string[] }[] }[] = [];
  for (const text of code.split('\n')) {
    const indent = text.length - text.trimStart().length;
    if (/^\s*switch \(\$at(?:\$\d+)?\) \{$/.test(text)) {
      const states: { line: number | null; text: string[] }[] = [];
      machines.push(states);
      open.push({ indent, states });
      continue;
    }
    const machine = open.at(-1);
    if (machine === undefined) continue;
    if (/^\s*default:$/.test(text) && indent === machine.indent + 2) {
      open.pop();
      continue;
    }
    const label = /^\s*case \d+:(?: \/\/ (?:line (\d+): )?.*)?$/.exec(text);
    if (label !== null && indent === machine.indent + 2)
      machine.states.push({ line: label[1] === undefined ? null : Number(label[1]), text: [text.slice(indent)] });
    else machine.states.at(-1)?.text.push(text.slice(Math.min(indent, machine.indent + 2)));
  }
  return machines;
}

/** A line of the source stands beside or above the first state that begins with it, and below the states before. */
function sideBySide(lines: Lines, first: number, last: number, states: readonly State[]): string {
  const rows: string[] = [];
  const left: string[] = [];
  for (let line = first; line <= last; line++) left.push(`${String(line).padStart(4)}  ${lines.text(line)}`);
  /** The next line of the source, if it is none after `most`. */
  const next = (most: number): string => (left.length > last - most ? (left.shift() ?? '') : '');
  const put = (text: string, right: string): void => {
    // A long line has its own row.
    if (text.length > LEFT && right !== '') rows.push(text, `${' '.repeat(LEFT)} │ ${right}`);
    else rows.push(`${text.padEnd(LEFT)} │ ${right}`.trimEnd());
  };
  for (const [index, { text }] of states.entries()) {
    const following = states.slice(index + 1).find((state) => state.line !== null);
    // The await itself is in the state before the one that begins after it.
    const after = following !== undefined && /after the await/.test(following.text[0] ?? '');
    const most = (following?.line ?? last + 1) - (after ? 0 : 1);
    for (const right of text) put(next(most), right);
    while (left.length > last - most) put(next(most), '');
  }
  for (const rest of left) put(rest, '');
  return `${rows.join('\n')}\n`;
}
