/**
 * transform: a source in, a source out, with its map and what there is to say about it.
 *
 * What must hold: everything outside of marked functions comes out byte for byte, on its own lines until the first marked function. With an
 * error nothing is compiled.
 */
import type { Program } from 'oxc-parser';
import { Diagnostics, Lines, type Diagnostic } from './diagnostics.ts';
import { compileCall } from './machine/compile.ts';
import { FileContext, type Compiled } from './machine/file.ts';
import type { BackEnd } from './machine/layout.ts';
import { Printer } from './output/printer.ts';
import type { Piece } from './output/rope.ts';
import type { SourceMap } from './output/source-map.ts';
import { mayBeMarked } from './syntax/marked.ts';
import { MarkerNames } from './syntax/marker.ts';
import { bare, children, isFunction, walk, type Node } from './syntax/node.ts';
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

/**
 * Compiles the marked functions of a module.
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
  const { file = 'input.ts', markers = ['pawl'], runtime = 'pawl/compiled' } = options;
  const nothing = (diagnostics: readonly Diagnostic[]): TransformResult => ({
    code: source,
    map: null,
    diagnostics,
    compiled: [],
  });
  if (!mayBeMarked(source)) return nothing([]);
  const lines = new Lines(source);
  const diagnostics = new Diagnostics(file, lines, options.strict ?? false);
  const program = parse(source, file, diagnostics);
  if (program === null) return nothing(diagnostics.list);
  const marker = new MarkerNames(program, markers);
  if (marker.none) return nothing([]);
  const context = new FileContext(source, lines, marker, diagnostics, {
    place: options.place ?? 'import.meta.url',
    backEnd: options.backEnd ?? 'auto',
  });
  const pieces = compileAll(context, program);
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
    out.push(`var ${at.machines.join(', ')};\n`);
    return out;
  }
}

/** The marked functions outside of all others. */
class Edits {
  readonly list: { readonly node: Node; readonly rope: Piece }[] = [];
  private readonly file: FileContext;
  private analysis: Analysis | null = null;

  constructor(file: FileContext, program: Program) {
    this.file = file;
    for (const statement of program.body) walk(statement, (node) => this.name(node));
    for (const statement of program.body) this.visit(statement, null);
    this.list.sort((a, b) => a.node.start - b.node.start);
  }

  /** `within`: the outermost function that the node is in. */
  private visit(node: Node, within: Node | null): void {
    if (
      node.type === 'CallExpression' &&
      this.file.marker.nameIn(node.callee) !== null &&
      !this.isShadowed(node.callee, within)
    ) {
      const rope = compileCall(this.file, node, null, within !== null);
      if (rope !== null) {
        this.list.push({ node, rope });
        return;
      }
    }
    if (within === null && (isFunction(node) || node.type === 'ClassBody')) {
      this.analysis = null;
      for (const child of children(node)) this.visit(child, node);
      return;
    }
    for (const child of children(node)) this.visit(child, within);
  }

  private isShadowed(callee: Node, within: Node | null): boolean {
    if (within === null || !isFunction(within)) return false;
    this.analysis ??= new Analysis(within);
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
