/**
 * The pages of the ladder, `docs/ladder/chNN.md`, and what they quote.
 *
 * A block whose fence says more than its language is a quotation:
 *
 *     ```ts examples/ch04/4a-event-queue.ts#register     the lines between `// #region register` and `// #endregion`
 *     ```ts packages/pawl/src/error/index.ts#~NO_RUNTIME  the paragraph (lines between empty ones) that contains the text
 *     ```text run=4a                                     what the rung prints
 *
 * What must hold: the block equals its source (for what is printed: up to times, addresses and figures). `fill` writes it, so nobody does by hand.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PawlError } from 'pawl';
import { root } from './rungs.ts';

export type Quotation =
  | { readonly kind: 'code'; readonly file: string; readonly region: string; readonly text: string }
  | { readonly kind: 'output'; readonly id: string; readonly text: string };

const BLOCK = /^```(?<info>(?:ts|text) [^\n]+)\n(?<text>[^]*?)^```$/gm;

/** Where a chapter's page is, relative to the root. */
export function pageOf(chapter: number): string {
  return `docs/ladder/ch${String(chapter).padStart(2, '0')}.md`;
}

/** The quotations of a page's text, in their order. */
export function quotations(page: string): Quotation[] {
  return [...page.matchAll(BLOCK)].map(({ groups }) => quotation(groups?.['info'] ?? '', groups?.['text'] ?? ''));
}

function quotation(info: string, text: string): Quotation {
  const code = /^ts (?<file>[^\s#]+)#(?<region>~.+|\S+)$/.exec(info)?.groups;
  if (code !== undefined) return { kind: 'code', file: code['file'] ?? '', region: code['region'] ?? '', text };
  const id = /^text run=(?<id>\w+)$/.exec(info)?.groups?.['id'];
  if (id !== undefined) return { kind: 'output', id, text };
  throw new PawlError('BAD_ARGUMENT', `a page quotes by "ts FILE#REGION" or "text run=ID", not by "${info}"`);
}

/** The page with each quotation replaced by what `source` gives for it; undefined leaves it. */
export function fill(page: string, source: (quoted: Quotation) => string | undefined): string {
  return page.replaceAll(BLOCK, (block, info: string, text: string) => {
    const fresh = source(quotation(info, text));
    return fresh === undefined ? block : `\`\`\`${info}\n${fresh}\`\`\``;
  });
}

/** The lines of a region of a file, without what they are indented by in common and without the marks of other regions. */
export function regionOf(file: string, region: string): string {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  if (region.startsWith('~')) return outdented(paragraphOf(file, lines, region.slice(1)));
  const begin = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  if (begin < 0) throw new PawlError('BAD_ARGUMENT', `${file} has no "// #region ${region}"`);
  let depth = 1;
  let end = begin + 1;
  for (; end < lines.length; end++) {
    const mark = lines[end]?.trim() ?? '';
    if (mark.startsWith('// #region ')) depth++;
    if (mark.startsWith('// #endregion') && --depth === 0) break;
  }
  if (depth > 0) throw new PawlError('BAD_ARGUMENT', `the region ${region} of ${file} is not closed`);
  const body = lines.slice(begin + 1, end).filter((line) => !/^\s*\/\/ #(?:end)?region\b/.test(line));
  return outdented(body);
}

/** The lines between two empty ones that contain a text: for the library's sources, which have no marks for this. */
function paragraphOf(file: string, lines: readonly string[], text: string): readonly string[] {
  const at = lines.findIndex((line) => line.includes(text));
  if (at < 0) throw new PawlError('BAD_ARGUMENT', `${file} has no line with "${text}"`);
  const begin = lines.lastIndexOf('', at) + 1;
  const end = lines.indexOf('', at);
  return lines.slice(begin, end < 0 ? lines.length : end);
}

function outdented(body: readonly string[]): string {
  const indents = body.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const common = Math.min(...indents);
  return body.map((line) => `${line.slice(common)}\n`).join('');
}
