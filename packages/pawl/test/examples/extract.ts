/**
 * Finding the examples: every block fenced as ```ts in a doc comment of the sources or in a page of the documentation. On a page a block
 * fenced as ```text that directly follows one, after a blank line, is what it prints.
 */
import { globSync, readFileSync } from 'node:fs';

export interface Example {
  /** Where it stands, relative to the project's root. */
  readonly file: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  /** What the page says that it prints. */
  readonly output?: string;
}

const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md'];
const SOURCES = ['packages/*/src/**/*.ts'];

/** All examples of the project at `root`, in the order of their files. */
export function findExamples(root: string): Example[] {
  const files = globSync([...PAGES, ...SOURCES], { cwd: root, exclude: ['**/node_modules/**', '**/*.test.ts'] });
  return files.sort().flatMap((file) => extract(file, readFileSync(`${root}/${file}`, 'utf8')));
}

interface Open {
  readonly kind: 'ts' | 'text';
  /** Number of its first line. */
  readonly line: number;
  readonly lines: string[];
}

/** The examples in one text. In a source, only lines of doc comments count, without their leading asterisk. */
export function extract(file: string, text: string): Example[] {
  const examples: Example[] = [];
  let open: Open | undefined;
  /** Number of the line where an output may begin: two after the end of the last example. */
  let outputAt = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = file.endsWith('.md') ? raw : /^\s*\* ?(?<text>.*)$/.exec(raw)?.groups?.['text'];
    if (line === undefined) {
      if (open !== undefined) throw new Error(`${file}:${open.line}: the example's fence is not closed in its comment`);
    } else if (open === undefined) {
      const fence = line.trim();
      if (fence === '```ts') open = { kind: 'ts', line: index + 2, lines: [] };
      if (fence === '```text' && index + 1 === outputAt) open = { kind: 'text', line: index + 2, lines: [] };
    } else if (line.trim() === '```') {
      if (open.kind === 'ts') {
        examples.push({ file, line: open.line, code: open.lines.join('\n') });
        outputAt = index + 3;
      } else {
        examples.push({ ...(examples.pop() as Example), output: open.lines.map((printed) => `${printed}\n`).join('') });
      }
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: the example's fence is not closed`);
  return examples;
}
