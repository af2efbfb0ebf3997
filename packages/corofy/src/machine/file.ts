/** What the functions of one source share while they are compiled. */
import type { Diagnostics } from '../diagnostics.ts';
import type { Lines } from '../lines.ts';
import { wasGenerator } from '../syntax/generator.ts';
import type { MarkerNames } from '../syntax/marker.ts';
import type { MarkedFunction, Node } from '../syntax/node.ts';
import type { Binding } from '../syntax/scope.ts';
import type { BackEnd, Layout } from './layout.ts';
import { Names, Runtime } from './names.ts';

export interface CompileOptions {
  /** What is known of a file at run time: an expression that gives its path or URL. */
  readonly place: string;
  readonly backEnd: BackEnd | 'auto';
}

/** A compiled function, for people. */
export interface Compiled {
  readonly name: string;
  readonly backEnd: BackEnd;
  readonly start: number;
  readonly end: number;
  readonly states: number;
}

export class FileContext {
  readonly names: Names;
  readonly runtime: Runtime;
  /** Variables that hold the classes of step closures, declared at the end of the file. */
  readonly frames: string[] = [];
  readonly compiled: Compiled[] = [];
  readonly source: string;
  readonly lines: Lines;
  readonly marker: MarkerNames;
  readonly diagnostics: Diagnostics;
  readonly options: CompileOptions;
  private readonly layouts = new Map<Binding, Layout>();
  private readonly warned = new Set<Node>();
  /** Names that the functions of the source are called by, where they have none of their own. */
  readonly given: Map<Node, string> = new Map();

  constructor(
    source: string,
    lines: Lines,
    marker: MarkerNames,
    diagnostics: Diagnostics,
    options: CompileOptions,
    names: Names = new Names(source),
  ) {
    this.source = source;
    this.lines = lines;
    this.marker = marker;
    this.diagnostics = diagnostics;
    this.options = options;
    this.names = names;
    this.runtime = new Runtime(this.names);
  }

  add(layout: Layout): void {
    for (const binding of layout.lifted.keys()) this.layouts.set(binding, layout);
  }

  /** Where a variable lives that has been lifted, or null. */
  layoutOf(binding: Binding): Layout | null {
    return this.layouts.get(binding) ?? null;
  }

  /** An async function, or async generator, inside a coroutine that is not marked itself. */
  unmarked(fn: MarkedFunction): void {
    if (this.warned.has(fn) || wasGenerator(fn)) return;
    this.warned.add(fn);
    const form = fn.type === 'ArrowFunctionExpression' ? '(…) =>' : fn.generator ? 'function*' : 'function';
    const [what, gives] = fn.generator
      ? ['generator', 'promises, which are not cancelled']
      : ['function', 'a promise, which is not cancelled'];
    this.diagnostics.warn(
      { start: fn.start, end: fn.start + 5 },
      'UNMARKED_ASYNC',
      `an async ${what} inside a coroutine gives ${gives}: write coroutine(async ${form} …)`,
    );
  }
}
