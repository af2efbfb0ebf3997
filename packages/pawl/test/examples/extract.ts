/** Finding the examples: every block fenced as ```ts in a doc comment of the sources or in a page of the documentation. */
import { globSync, readFileSync } from 'node:fs';

export interface Example {
  /** Where it stands, relative to the project's root. */
  readonly file: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md'];
const SOURCES = ['packages/*/src/**/*.ts'];

/** All examples of the project at `root`, in the order of their files. */
export function findExamples(root: string): Example[] {
  const files = globSync([...PAGES, ...SOURCES], { cwd: root, exclude: ['**/node_modules/**', '**/*.test.ts'] });
  return files.sort().flatMap((file) => extract(file, readFileSync(`${root}/${file}`, 'utf8')));
}

/** The examples in one text. In a source, only lines of doc comments count, without their leading asterisk. */
export function extract(file: string, text: string): Example[] {
  const examples: Example[] = [];
  let open: { line: number; code: string[] } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = file.endsWith('.md') ? raw : /^\s*\* ?(?<text>.*)$/.exec(raw)?.groups?.['text'];
    if (line === undefined) {
      if (open !== undefined) throw new Error(`${file}:${open.line}: the example's fence is not closed in its comment`);
    } else if (open === undefined) {
      if (line.trim() === '```ts') open = { line: index + 2, code: [] };
    } else if (line.trim() === '```') {
      examples.push({ file, line: open.line, code: open.code.join('\n') });
      open = undefined;
    } else {
      open.code.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: the example's fence is not closed`);
  return examples;
}
