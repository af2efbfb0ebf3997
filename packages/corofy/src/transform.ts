/**
 * transform: a source in, a source out, with its map and what there is to say about it.
 *
 * What must hold: everything outside of marked functions comes out byte for byte, on its own lines until the first marked function. With an
 * error nothing is compiled.
 */
import type { Directive, Program, Statement } from 'oxc-parser';
import { Diagnostics, type Diagnostic } from './diagnostics.ts';
import { Lines } from './lines.ts';
import { compileCall } from './machine/compile.ts';
import { FileContext, type Compiled } from './machine/file.ts';
import type { BackEnd } from './machine/layout.ts';
import { Printer } from './output/printer.ts';
import type { Piece } from './output/rope.ts';
import type { SourceMap } from './output/source-map.ts';
import { adoptGenerators } from './syntax/generator.ts';
import { mayBeMarked } from './syntax/marked.ts';
import { MarkerNames } from './syntax/marker.ts';
import { bare, eachChild, isFunction, walk, type MarkedFunction, type Node } from './syntax/node.ts';
import { parse } from './syntax/parse.ts';
import { Analysis } from './syntax/scope.ts';

export interface TransformOptions {
  /** The file's name: its extension says which language it is in, and diagnostics and the map name it. Default `input.ts`. */
  readonly file?: string;
  /** What the map calls the source. Default: the file's name. */
  readonly source?: string;
  /** Where coroutines' lines are, in traces and dumps, as an expression of the compiled module. Default `import.meta.url`. */
  readonly place?: string;
  /** From where `coroutine` is imported. Default `['pawl']`. */
  readonly markers?: readonly string[];
  /** From where compiled code imports the runtime. Default `pawl/compiled`. */
  readonly runtime?: string;
  /** Warnings are errors. */
  readonly strict?: boolean;
  /** Compiles `coroutine(function* …)` as well, with `yield*` as the await. Default false: generators stay as they are. */
  readonly generators?: boolean;
  /** How coroutines keep their variables. Default `auto`: in fields where that is possible. */
  readonly backEnd?: BackEnd | 'auto';
}

export interface TransformResult {
  /** The compiled source; the source itself when nothing in it is marked, or when there is an error. */
  readonly code: string;
  /** Null when nothing was compiled. */
  readonly map: SourceMap | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly compiled: readonly Compiled[];
}

const BACK_ENDS: ReadonlySet<string> = new Set(['auto', 'closure', 'fields']);

/**
 * Compiles the marked functions of a module. Throws a TypeError for a source that is no string, and for a back end that there is not.
 *
 * @example
 * ```ts
 * import { transform } from 'corofy';
 * const { code } = transform(`import { coroutine } from 'pawl';
 * export const main = coroutine(async () => 42);
 * `);
 * console.log(code.includes('async')); // false
 * ```
 */
export function transform(source: string, options: TransformOptions = {}): TransformResult {
  const { file = 'input.ts', markers = ['pawl'], runtime = 'pawl/compiled', backEnd = 'auto' } = options;
  if (typeof source !== 'string') throw new TypeError(`transform takes a source as a string, got ${typeof source}`);
  if (!BACK_ENDS.has(backEnd)) throw new TypeError(`backEnd is auto, closure or fields, not ${backEnd}`);
  const nothing = (diagnostics: readonly Diagnostic[]): TransformResult => ({
    code: source,
    map: null,
    diagnostics,
    compiled: [],
  });
  if (!mayBeMarked(source, options.generators)) return nothing([]);
  const lines = new Lines(source);
  const diagnostics = new Diagnostics(file, lines, options.strict ?? false);
  const program = parse(source, file, diagnostics);
  if (program === null) return nothing(diagnostics.list);
  const marker = new MarkerNames(program, markers);
  if (marker.none) return nothing([]);
  if (options.generators === true) adoptGenerators(program, marker);
  const context = new FileContext(source, lines, marker, diagnostics, {
    place: options.place ?? 'import.meta.url',
    backEnd,
  });
  const pieces = unlessTooDeep(() => compileAll(context, program), diagnostics);
  if (pieces === null || diagnostics.failed) return nothing(diagnostics.list);
  const printer = new Printer(source);
  printer.print(pieces);
  return {
    code: printer.text,
    map: {
      version: 3,
      sources: [options.source ?? file],
      sourcesContent: [source],
      names: [],
      mappings: printer.map,
    },
    diagnostics: diagnostics.list,
    compiled: context.compiled,
  };

  function compileAll(at: FileContext, tree: Program): Piece[] | null {
    const edits = new Edits(at, tree).list;
    if (edits.length === 0) return null;
    const out: Piece[] = [];
    let from = 0;
    for (const edit of edits) {
      out.push({ from, to: edit.node.start }, edit.rope);
      from = edit.node.end;
    }
    out.push({ from, to: source.length });
    if (!source.endsWith('\n')) out.push('\n');
    out.push(`${at.runtime.importFrom(runtime)}\n`);
    if (at.frames.length > 0) out.push(`var ${at.frames.join(', ')};\n`);
    return out;
  }
}

/** What the parser still takes may be too deep for those who go through its tree. */
function unlessTooDeep<R>(compile: () => R, diagnostics: Diagnostics): R | null {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    diagnostics.error(
      { start: 0, end: 1 },
      'TOO_DEEP',
      'expressions are nested too deeply here: give parts of them names',
    );
    return null;
  }
}

/** A statement of the module as the body of a function, for the analysis of its names. */
function asFunction(statement: Statement | Directive): MarkedFunction {
  const { start, end } = statement;
  return {
    type: 'ArrowFunctionExpression',
    params: [],
    body: { type: 'BlockStatement', body: [statement], start, end },
    start,
    end,
  } as unknown as MarkedFunction;
}

/** The marked functions outside of all others. */
class Edits {
  readonly list: { readonly node: Node; readonly rope: Piece }[] = [];
  private readonly file: FileContext;
  /** The statement of the module that is visited, and what its names mean once that has been asked. */
  private statement: Statement | Directive | null = null;
  private analysis: Analysis | null = null;

  constructor(file: FileContext, program: Program) {
    this.file = file;
    for (const statement of program.body) walk(statement, (node) => this.name(node));
    for (const statement of program.body) {
      this.statement = statement;
      this.analysis = null;
      this.visit(statement, false, false);
    }
    this.list.sort((a, b) => a.node.start - b.node.start);
  }

  /** `scoped`: something around the node can declare names; `within`: it is a function or a class. */
  private visit(node: Node, scoped: boolean, within: boolean): void {
    if (
      node.type === 'CallExpression' &&
      this.file.marker.nameIn(node.callee) !== null &&
      !(scoped && this.isShadowed(node.callee))
    ) {
      const rope = compileCall(this.file, node, null, within);
      if (rope !== null) {
        this.list.push({ node, rope });
        return;
      }
    }
    const inside = within || isFunction(node) || node.type === 'ClassBody';
    const declares = scoped || inside || /Statement$|^CatchClause$|^Class|^TSModuleBlock$/.test(node.type);
    eachChild(node, (child) => this.visit(child, declares, inside));
  }

  /** The import's name has been declared again around the call. */
  private isShadowed(callee: Node): boolean {
    this.analysis ??= new Analysis(asFunction(this.statement as Statement));
    const inner = bare(callee);
    const name = inner.type === 'MemberExpression' ? inner.object : inner;
    return this.analysis.uses.has(name);
  }

  /** What a function is assigned to gives the name of its coroutines. */
  private name(node: Node): void {
    const { given } = this.file;
    const note = (value: Node | null, key: Node): void => {
      if (value !== null && bare(value).type === 'CallExpression' && key.type === 'Identifier')
        given.set(bare(value), key.name);
    };
    if (node.type === 'VariableDeclarator') note(node.init, node.id);
    else if (node.type === 'AssignmentExpression')
      note(node.right, node.left.type === 'MemberExpression' && !node.left.computed ? node.left.property : node.left);
    else if ((node.type === 'Property' || node.type === 'PropertyDefinition') && !node.computed)
      note(node.value, node.key);
  }
}
