// oxlint-disable typescript/no-implied-eval -- bodies are texts; that is what is tested
/**
 * A body as a generator coroutine: its text with `yield*` for each await, and a future made of what is none, as an await makes one.
 *
 * What must hold: marked functions inside it become generators as well. A body for which that cannot be is known, with the reason.
 */
import { parseSync } from 'oxc-parser';
import { coroutine, type Future } from 'pawl';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly argument?: Node | null;
  readonly body?: Node;
  readonly params?: readonly Node[];
  readonly callee?: Node & { readonly name?: string };
  readonly arguments?: readonly Node[];
  readonly [key: string]: unknown;
}

/** Why a body is no generator coroutine; null when it is one. */
export function whyNoGenerator(source: string): string | null {
  if (/\bfor await\b/.test(source)) return 'for await stands only in async functions';
  if (/\bawait using\b/.test(source)) return 'await using stands only in async functions';
  if (/(?:^|\bcoroutine\()async function\s*\*/.test(source)) return 'an async generator gives a stream';
  if (/\bcoroutine\(async\b(?!\s+function)[^]*\b(?:this|super|arguments)\b/.test(source))
    return 'a marked arrow has the `this` of what is around it, and a generator has its own';
  return null;
}

/** The text of a body as a generator's, which is given the maker of futures as its last parameter. */
export function coroutineOf(source: string): string {
  const prefix = 'const body = ';
  const text = `${prefix}${source};`;
  const { program } = parseSync('body.js', text, { sourceType: 'module', preserveParens: true });
  const edits: { start: number; end: number; text: string }[] = [];
  const enter = (fn: Node, last: string): void => {
    const { body, params = [] } = fn as Node & { readonly body: Node };
    const [first] = params;
    const list = first === undefined ? '' : text.slice(first.start, params.at(-1)?.end);
    const name = (fn['id'] as { readonly name: string } | null | undefined)?.name ?? '';
    const expression = body.type !== 'BlockStatement';
    const head = `function* ${name}(${list}${last}) `;
    edits.push({ start: fn.start, end: body.start, text: expression ? `${head}{ return (` : head });
    visit(body, null);
    if (expression) edits.push({ start: body.end, end: body.end, text: '); }' });
  };
  const visit = (node: unknown, statement: Node | null): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, null);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const marked = one.type === 'CallExpression' && one.callee?.name === 'coroutine' ? one.arguments?.[0] : undefined;
    if (marked !== undefined) {
      enter(marked, '');
      return;
    }
    if (one.type === 'AwaitExpression') {
      const direct = statement?.['expression'] === one;
      // A statement that begins with a parenthesis would go on with the line before.
      const first = !direct && statement?.start === one.start ? '0, ' : '';
      const [before, after] = direct ? ['yield* $await(', ')'] : ['(yield* $await(', '))'];
      edits.push({ start: one.start, end: (one.argument as Node).start, text: first + before });
      edits.push({ start: one.end, end: one.end, text: after });
    }
    const within = one.type === 'ExpressionStatement' ? one : statement?.start === one.start ? statement : null;
    // Functions inside have no awaits of the body, and may have marked functions in them.
    const foreign = /Function/.test(one.type) && one['async'] === true;
    for (const value of Object.values(one)) if (typeof value === 'object' && !foreign) visit(value, within);
  };
  const [declaration] = (program.body[0] as unknown as { declarations: readonly { readonly init: Node }[] })
    .declarations;
  enter((declaration as { readonly init: Node }).init, ', $await');
  let result = '';
  let at = prefix.length;
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at, -1);
}

/** A generator coroutine that the runtime drives. */
export function interpreted(source: string): () => (...args: unknown[]) => Future<unknown> {
  return () => {
    const body = new Function('coroutine', `"use strict"; return (${source});`)(coroutine) as never;
    return coroutine<readonly unknown[], unknown>(body);
  };
}
