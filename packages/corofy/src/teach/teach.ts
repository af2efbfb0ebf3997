/**
 * teach: a source in the teaching syntax in, a program out in which each coroutine function is a machine that can be read.
 *
 * What must hold: the output runs and type-checks as it is. What is no coroutine function comes out byte for byte; a coroutine function stays
 * in its place as a comment, and its machine follows it, unless something that runs before would find it missing.
 */
import type { Program } from 'oxc-parser';
import { Diagnostics, type Diagnostic } from '../diagnostics.ts';
import { LINE_END, Lines } from '../lines.ts';
import type { Node } from '../syntax/node.ts';
import { machineOf, TeachingNames, type TeachingContext } from './machine.ts';
import { printMachine } from './print.ts';
import { readTeaching, type TeachingFunction } from './read.ts';

export interface TeachOptions {
  /** The file's name: its extension says which language it is in, and diagnostics name it. Default `input.ts`. */
  readonly file?: string;
}

export interface TeachResult {
  /** The program; the source itself when there is an error. */
  readonly code: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles the teaching syntax: functions marked `coroutine`, in which a postfix `.wait` waits for a future.
 *
 * @example
 * ```ts
 * import { teach } from 'corofy';
 * const { code } = teach(`import { sleep } from 'pawl';
 * coroutine function nap(ms: number) {
 *   sleep(ms).wait;
 *   console.log('awake');
 * }
 * `);
 * console.log(/case 'Wait1'/.test(code)); // true
 * ```
 */
export function teach(source: string, options: TeachOptions = {}): TeachResult {
  const { file = 'input.ts' } = options;
  const lines = new Lines(source);
  const diagnostics = new Diagnostics(file, lines, false);
  const read = readTeaching(source, file, diagnostics);
  if (read === null) return { code: source, diagnostics: diagnostics.list };
  const { program, functions } = read;
  const imports = new Imports(program, new TeachingNames(source));
  const context: TeachingContext = {
    source,
    lines,
    program,
    names: imports.names,
    diagnostics,
    generic: imports.generic,
    future: imports.type('Future'),
  };
  const machines = functions.map((one) => {
    const machine = machineOf(context, one);
    if (machine === null) return null;
    const name = imports.names.fresh(one.name.charAt(0).toUpperCase() + one.name.slice(1));
    return { one, text: printMachine(context, one, machine, name, imports.use) };
  });
  if (diagnostics.failed) return { code: source, diagnostics: diagnostics.list };
  const first = program.body.find((one) => runs(one, functions));
  const edits: { at: number; to: number; text: string }[] = [];
  for (const machine of machines) {
    if (machine === null) continue;
    const { declaration } = machine.one;
    const early = first !== undefined && first.start < declaration.start;
    const becomes = `// ---- What it becomes: ----\n\n${machine.text}`;
    const { start, end } = declaration;
    edits.push({
      at: start,
      to: end,
      text: early
        ? commented(source, machine.one, 'above')
        : `${commented(source, machine.one, 'below')}\n${becomes.trimEnd()}`,
    });
    if (early)
      edits.push({
        at: first.start,
        to: first.start,
        text: `// ---- The machine of ${machine.one.name}, which is below: ----\n\n${machine.text}\n`,
      });
  }
  const at = program.body[0]?.start ?? 0;
  edits.push({ at, to: at, text: imports.text() });
  // The import comes before a machine that stands in the same place.
  edits.sort(
    (a, b) => a.at - b.at || Number(b.text.startsWith('import')) - Number(a.text.startsWith('import')) || a.to - b.to,
  );
  let code = '';
  let from = 0;
  for (const edit of edits) {
    code += source.slice(from, edit.at) + edit.text;
    from = edit.to;
  }
  return { code: code + source.slice(from), diagnostics: diagnostics.list };
}

/** True for a statement that does something when the module is evaluated. */
function runs(statement: Node, functions: readonly TeachingFunction[]): boolean {
  if (functions.some(({ declaration }) => declaration === statement)) return false;
  if (statement.type === 'ExportNamedDeclaration' && statement.declaration !== null)
    return runs(statement.declaration, functions);
  return !/^(?:Import|ExportNamed|ExportAll|Function|TSInterface|TSTypeAlias|Empty)/.test(statement.type);
}

function commented(source: string, { declaration }: TeachingFunction, where: 'above' | 'below'): string {
  const text = source.slice(declaration.start, declaration.end).replace(LINE_END, (end) => `${end}// `);
  return `// ---- What you wrote${where === 'above' ? ', whose machine is above' : ''}: ----\n//\n// ${text}\n//`.replace(
    /[ \t]+$/gm,
    '',
  );
}

/** What the machines import from the runtime, under names that are free. */
class Imports {
  readonly names: TeachingNames;
  /** Functions whose results' types depend on their arguments, by the names that the source has for them. */
  readonly generic = new Set<string>();
  private readonly types = new Map<string, string>();
  private readonly known = new Map<string, string>();
  private readonly added = new Map<string, string>();

  constructor(program: Program, names: TeachingNames) {
    this.names = names;
    for (const statement of program.body) {
      if (statement.type !== 'ImportDeclaration' || statement.source.value !== 'pawl') continue;
      for (const specifier of statement.specifiers) {
        if (specifier.type !== 'ImportSpecifier' || specifier.imported.type !== 'Identifier') continue;
        const { name } = specifier.imported;
        if (!/^(?:sleep|sleepUntil|yieldNow|interval)$/.test(name)) this.generic.add(specifier.local.name);
        this.types.set(name, specifier.local.name);
        const isType = statement.importKind === 'type' || specifier.importKind === 'type';
        if (!isType || TYPES.has(name)) this.known.set(name, specifier.local.name);
      }
    }
  }

  readonly use = (name: string): string => {
    const known = this.known.get(name) ?? this.added.get(name);
    if (known !== undefined) return known;
    const local = this.names.fresh(this.types.has(name) ? `Base${name}` : name);
    this.added.set(name, local);
    return local;
  };

  /** What something is called as a type. */
  type(name: string): string {
    return this.types.get(name) ?? this.use(name);
  }

  /** The import that the program begins with. */
  text(): string {
    const sorted = [...this.added].sort(([a], [b]) => Number(TYPES.has(a)) - Number(TYPES.has(b)) || (a < b ? -1 : 1));
    const list = sorted.map(
      ([name, local]) => `${TYPES.has(name) ? 'type ' : ''}${name}${name === local ? '' : ` as ${local}`}`,
    );
    return list.length === 0 ? '' : `import { ${list.join(', ')} } from 'pawl';\n`;
  }
}

const TYPES: ReadonlySet<string> = new Set(['Context', 'Poll']);
