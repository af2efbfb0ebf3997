/**
 * Reading the teaching syntax: `coroutine function name(…) { … expression.wait … }`.
 *
 * What must hold: every offset of the tree is one of the source. `coroutine` becomes an `async` of the same length for the parser, and each
 * `.wait`, which parses as a property, becomes an await in the tree. What is neither stays what it is in TypeScript.
 */
import type { Program } from 'oxc-parser';
import type { Diagnostics } from '../diagnostics.ts';
import { children, isFunction, type MarkedFunction, type Node } from '../syntax/node.ts';
import { parse } from '../syntax/parse.ts';

/** A function of the teaching syntax. */
export interface TeachingFunction {
  readonly name: string;
  readonly fn: MarkedFunction;
  /** The whole declaration, `export` included. */
  readonly declaration: Node;
  /** What stands before `coroutine`: nothing, `export ` or `export default `. */
  readonly exported: string;
}

export interface TeachingSource {
  readonly program: Program;
  readonly functions: readonly TeachingFunction[];
}

const MARK = /\bcoroutine(?=[ \t]+function\b)/g;
const STAND_IN = 'async    ';

/** The functions that are written in the teaching syntax; null when the source is wrong. */
export function readTeaching(source: string, file: string, diagnostics: Diagnostics): TeachingSource | null {
  const marks = new Set<number>();
  const plain = source.replace(MARK, (_, at: number) => {
    marks.add(at);
    return STAND_IN;
  });
  const program = parse(plain, file, diagnostics);
  if (program === null) {
    if (/\bcoroutine\b/.test(source)) diagnostics.list.splice(0, 1, withHint(diagnostics));
    return null;
  }
  const functions: TeachingFunction[] = [];
  for (const statement of program.body) {
    const exported = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const fn = exported ? statement.declaration : statement;
    if (fn?.type !== 'FunctionDeclaration' || !marks.delete(fn.start)) continue;
    if (fn.id === null)
      diagnostics.error(markOf(fn), 'NO_NAME', 'a coroutine function needs a name: its machine is named after it');
    else
      functions.push({
        name: fn.id.name,
        fn,
        declaration: statement,
        exported: source.slice(statement.start, fn.start),
      });
  }
  const own = new Set<Node>(functions.map(({ fn }) => fn));
  for (const statement of program.body) new Waits(marks, own, diagnostics).visit(statement, null);
  if (!diagnostics.failed && functions.length === 0)
    diagnostics.error(
      { start: 0, end: 1 },
      'NO_COROUTINE',
      'there is no coroutine function here: write `coroutine function name(…) { … expression.wait … }`',
    );
  return diagnostics.failed ? null : { program, functions };
}

function withHint(diagnostics: Diagnostics): Diagnostics['list'][number] {
  const [first] = diagnostics.list as [Diagnostics['list'][number]];
  return { ...first, message: `${first.message} (the teaching syntax is \`coroutine function name(…) { … }\`)` };
}

/** The two words that mark a function. */
function markOf(fn: Node): { start: number; end: number } {
  return { start: fn.start, end: fn.start + STAND_IN.length + ' function'.length };
}

/** Turns the waits of coroutine functions into awaits, and says where one has no meaning. */
class Waits {
  /** Where the source has the words that mark a function, and no such function was found yet. */
  private readonly marks: ReadonlySet<number>;
  private readonly own: ReadonlySet<Node>;
  private readonly diagnostics: Diagnostics;

  constructor(marks: ReadonlySet<number>, own: ReadonlySet<Node>, diagnostics: Diagnostics) {
    this.marks = marks;
    this.own = own;
    this.diagnostics = diagnostics;
  }

  /** `within`: the function that the node is in. */
  visit(node: Node, within: Node | null): void {
    if (isFunction(node) && this.marks.has(node.start) && node.async)
      this.diagnostics.error(
        markOf(node),
        'NESTED',
        'a coroutine function stands at the level of the module, as a declaration: move it there',
      );
    const inside =
      isFunction(node) || node.type === 'PropertyDefinition' || node.type === 'StaticBlock' ? node : within;
    if (this.isOwn(inside)) this.refuse(node);
    const called = node.type === 'CallExpression' ? waitIn(node.callee) : null;
    for (const child of children(node)) if (child !== called || this.isOwn(inside)) this.visit(child, inside);
    if (called !== null) this.visit(called.object, inside);
    const wait = waitIn(node);
    if (wait === null) return;
    if (this.isOwn(inside)) Object.assign(wait, { type: 'AwaitExpression', argument: wait.object });
    else if (wait.object.type === 'CallExpression') this.outside(wait, inside);
  }

  private isOwn(fn: Node | null): boolean {
    return fn !== null && this.own.has(fn);
  }

  /** What looks like a wait, or waits otherwise. */
  private refuse(node: Node): void {
    const { diagnostics } = this;
    if (node.type === 'CallExpression' && waitIn(node.callee) !== null)
      diagnostics.error(
        node.callee,
        'WAIT_CALLED',
        "wait is no method here: write `.wait` without parentheses, or ['wait'](…) for a method of that name",
      );
    const target =
      node.type === 'AssignmentExpression' ? node.left : node.type === 'UpdateExpression' ? node.argument : null;
    if (target !== null && waitIn(target) !== null)
      diagnostics.error(
        target,
        'WAIT_ASSIGNED',
        "a `.wait` is no place to assign to: write ['wait'] for a property of that name",
      );
    if (waitIn(node)?.optional === true)
      diagnostics.error(
        node,
        'WAIT_OPTIONAL',
        'there is no `?.wait`: ask with an if whether there is something to wait for',
      );
    if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await))
      diagnostics.error(
        { start: node.start, end: node.start + 5 },
        'NATIVE_AWAIT',
        'a coroutine function waits by a postfix `.wait`: `const value = expression.wait;`',
      );
  }

  private outside(node: Wait, within: Node | null): void {
    this.diagnostics.error(
      { start: node.property.start - 1, end: node.property.end },
      within === null ? 'WAIT_OUTSIDE' : 'WAIT_IN_FUNCTION',
      within === null
        ? 'a `.wait` stands only in a coroutine function: outside of one there is nothing that could be suspended'
        : 'this `.wait` belongs to the function around it, which is no coroutine function: make it one, `coroutine function name(…)`, at the level of the module',
    );
  }
}

type Wait = Extract<Node, { type: 'MemberExpression' }>;

/** The `….wait` that a node is. */
function waitIn(node: Node): Wait | null {
  return node.type === 'MemberExpression' && !node.computed && (node.property as { name?: string }).name === 'wait'
    ? node
    : null;
}
