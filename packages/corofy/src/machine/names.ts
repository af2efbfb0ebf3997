/** Names that the output needs and the source does not use. */

const ESCAPE = /\\u(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4}))/g;
const IDENTIFIER = /(?:[\p{ID_Continue}$\u200C\u200D]|\\u(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{4}))+/uy;

/** Where the identifier ends that begins at an offset: with escapes it is longer than its name. */
export function identifierEnd(source: string, start: number): number {
  IDENTIFIER.lastIndex = start;
  return IDENTIFIER.test(source) ? IDENTIFIER.lastIndex : start;
}

export class Names {
  private readonly taken: Set<string>;

  constructor(source: string) {
    const plain = source.replace(ESCAPE, (_, long: string, short: string) =>
      String.fromCodePoint(Math.min(parseInt(long ?? short, 16), 0x10ffff)),
    );
    this.taken = new Set(plain.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
  }

  /** `wanted`, or the first variation of it that nobody uses. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let at = 2; this.taken.has(name); at++) name = `${wanted}$${at}`;
    this.taken.add(name);
    return name;
  }

  private readonly byDepth: Map<string, string>[] = [];

  /** The same name for all functions that stand as deep inside others; functions inside each other never share one. */
  shared(depth: number, wanted: string): string {
    const names = (this.byDepth[depth] ??= new Map());
    let name = names.get(wanted);
    if (name === undefined) {
      name = this.fresh(wanted);
      names.set(wanted, name);
    }
    return name;
  }
}

/** What a step is given and keeps for itself. */
export interface Registers {
  readonly frame: string;
  readonly cx: string;
  readonly at: string;
  readonly value: string;
  /** True past the deadline of a cleanup. */
  readonly late: string;
  readonly future: string;
  readonly region: string;
  readonly error: string;
  readonly run: string;
}

export function registers(names: Names, depth: number): Registers {
  return {
    frame: names.shared(depth, '$frame'),
    cx: names.shared(depth, '$cx'),
    at: names.shared(depth, '$at'),
    value: names.shared(depth, '$value'),
    late: names.shared(depth, '$late'),
    future: names.shared(depth, '$future'),
    region: names.shared(depth, '$region'),
    error: names.shared(depth, '$error'),
    run: names.shared(depth, '$run'),
  };
}

/** The runtime's names that one file imports, each under a name of its own. */
export class Runtime {
  private readonly locals = new Map<string, string>();
  private readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }

  /** The local name of an export of the runtime. */
  use(name: string): string {
    let local = this.locals.get(name);
    if (local === undefined) {
      local = this.names.fresh(`$${name}`);
      this.locals.set(name, local);
    }
    return local;
  }

  get isUsed(): boolean {
    return this.locals.size > 0;
  }

  /** The import that a compiled file ends with. */
  importFrom(specifier: string): string {
    const list = [...this.locals].map(([name, local]) => `${name} as ${local}`).sort();
    return `import { ${list.join(', ')} } from ${JSON.stringify(specifier)};`;
  }
}
