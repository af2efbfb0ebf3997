/**
 * The kernel's own tests with their coroutines compiled: a hook that writes each `coroutine(function* …)` of a test as
 * `coroutine(async function …)`, with `await` for `yield*`, and has it compiled. With `COROFY_GENERATORS=1` in the environment nothing is
 * rewritten, and the generators are compiled as they are.
 *
 * What must hold: only a generator that yields by `yield*` alone is rewritten; a test that is about generators as such stays as it is.
 */
import { parseSync } from 'oxc-parser';
import { register, transform } from 'corofy';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const markers = [
  'pawl',
  '../future/coroutine.ts',
  '../future/index.ts',
  './coroutine.ts',
  '../index.ts',
  '../../index.ts',
];
const generators = process.env['COROFY_GENERATORS'] === '1';

register({
  cache: null,
  generators,
  markers,
  before(source, url) {
    if (!url.endsWith('.test.ts')) return source;
    if (!generators) return rewritten(source);
    const { compiled } = transform(source, { file: 'kernel.test.ts', generators, markers });
    process.stderr.write(`${compiled.length} coroutines compiled\n`);
    return source;
  },
});

function rewritten(source: string): string {
  const { program } = parseSync('test.ts', source, { sourceType: 'module', preserveParens: true });
  const edits: { start: number; end: number; text: string }[] = [];
  let coroutines = 0;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const callee = one['callee'] as (Node & { name?: string }) | undefined;
    const [fn] = (one['arguments'] ?? []) as (Node & { generator?: boolean })[];
    if (one.type === 'CallExpression' && callee?.name === 'coroutine' && fn?.generator === true) {
      const own = rewrite(source, fn);
      if (own !== null) {
        edits.push(...own);
        coroutines++;
      }
    }
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value);
  };
  visit(program);
  process.stderr.write(`${coroutines} coroutines compiled\n`);
  let text = '';
  let at = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at);
}

/** The edits that make a generator an async function; null when it yields otherwise, or delegates to plain generators. */
function rewrite(source: string, fn: Node): { start: number; end: number; text: string }[] | null {
  const edits: { start: number; end: number; text: string }[] = [];
  let good = true;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    if (/Function/.test(one.type) && one !== fn) return;
    if (one.type === 'YieldExpression') {
      const argument = one['argument'] as Node | null;
      const callee = argument?.['callee'] as Node | undefined;
      if (one['delegate'] !== true || argument === null) good = false;
      // Helpers are plain generators.
      else if (/^\(?function\*|^(?:helper|guarded|first|second)\b/.test(source.slice((callee ?? argument).start)))
        good = false;
      else {
        edits.push({ start: one.start, end: argument.start, text: 'await (' });
        edits.push({ start: one.end, end: one.end, text: ')' });
      }
    }
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value);
  };
  visit(fn['params']);
  visit(fn['body']);
  if (!good) return null;
  const star = source.indexOf('*', fn.start);
  edits.push({ start: fn.start, end: star + 1, text: 'async function' });
  return edits;
}
