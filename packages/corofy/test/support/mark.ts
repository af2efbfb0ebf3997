/**
 * Marking: a source that others have written, with each of its async functions marked as a coroutine.
 *
 * What must hold: what is no function stays as it is. An async method keeps its name and place and returns what a marked arrow with its
 * parameters and body returns, so `this` and `super` are still its own. Plain generators, async generators that are methods, and `declare`d
 * and exported declarations, are left out.
 */
import { parseSync } from 'oxc-parser';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Marked {
  readonly text: string;
  readonly count: number;
}

/** The source, marked; null when it is no module. */
export function mark(file: string, source: string): Marked | null {
  const { program, errors } = parseSync(file, source, { sourceType: 'module', preserveParens: true });
  if (errors.length > 0) return null;
  const edits: { readonly at: number; readonly to?: number; readonly text: string }[] = [];
  let count = 0;
  const visit = (node: unknown, parent: Node | null): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, parent);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const body = one['body'] as Node | null;
    const method = parent?.type === 'MethodDefinition' || parent?.['method'] === true;
    const markable = one['async'] === true && !(one['generator'] === true && method) && body !== null;
    if (/^(?:Arrow)?Function/.test(one.type) && markable) {
      if (method) {
        const key = parent['key'] as Node;
        const keyword = parent.start + source.slice(parent.start, key.start).lastIndexOf('async');
        edits.push({ at: keyword, to: keyword + 'async'.length, text: '' });
        const [first] = one['params'] as (Node & { readonly name?: string })[];
        const typed = first?.name === 'this';
        edits.push({ at: one.start, text: `(...$all) { return $mark(async ${typed ? 'function ' : ''}` });
        edits.push({ at: body.start, text: typed ? '' : '=> ' });
        edits.push({ at: one.end, text: typed ? ').apply(this, $all); }' : ')(...$all); }' });
        count++;
      } else if (one.type !== 'FunctionDeclaration') {
        edits.push({ at: one.start, text: '$mark(' }, { at: one.end, text: ')' });
        count++;
      } else if (parent?.type.startsWith('Export') !== true) {
        const { name } = one['id'] as { name: string };
        edits.push({ at: one.start, text: `var ${name} = $mark(` }, { at: one.end, text: ');' });
        count++;
      }
    }
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value, one);
  };
  visit(program.body, null);
  let text = '';
  let from = 0;
  for (const { at, to, text: inserted } of edits.sort((a, b) => a.at - b.at)) {
    text += source.slice(from, at) + inserted;
    from = to ?? at;
  }
  return { text: `${text}${source.slice(from)}\nimport { coroutine as $mark } from 'pawl';\n`, count };
}
