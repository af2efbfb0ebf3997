/**
 * Printing a machine for people: a function, the type of its states, and the class that is polled.
 *
 * What must hold: what the reader has written keeps its own text, but for the variables that are fields now, and is marked. Everything between
 * the marks is the machine's.
 */
import { Printer } from '../output/printer.ts';
import type { Rope } from '../output/rope.ts';
import { walk, type Node } from '../syntax/node.ts';
import type { Line, State, TeachingContext, TeachingMachine } from './machine.ts';
import type { TeachingFunction } from './read.ts';

export const WRITTEN = '// ---- Code you actually wrote ----';
const END = '// ---------------------------------';

/** Local names of what the machines import. */
export type Imported = (name: string) => string;

export function printMachine(
  context: TeachingContext,
  one: TeachingFunction,
  machine: TeachingMachine,
  name: string,
  use: Imported,
): string {
  return new MachinePrinter(context, one, machine, name, use).print();
}

/** A stretch of lines: the reader's own, or the machine's. */
interface Stretch {
  readonly own: boolean;
  readonly text: string;
}

class MachinePrinter {
  private readonly context: TeachingContext;
  private readonly one: TeachingFunction;
  private readonly machine: TeachingMachine;
  private readonly name: string;
  private readonly use: Imported;
  private readonly at: string;
  private readonly cx: string;
  private readonly run: string;
  private readonly value: string;
  private readonly kept: KeptLines;

  constructor(context: TeachingContext, one: TeachingFunction, machine: TeachingMachine, name: string, use: Imported) {
    this.context = context;
    this.one = one;
    this.machine = machine;
    this.name = name;
    this.use = use;
    const { at, cx, run, value } = machine.unit.registers;
    this.kept = new KeptLines(context.source);
    [this.at, this.cx, this.run, this.value] = [at, cx, run, value];
  }

  print(): string {
    const { machine, name, use, at, cx, one } = this;
    const { result, fields, states } = machine;
    const type = this.stateType();
    const params = fields.filter(({ param }) => param !== null);
    const cases = states.map((state) => this.state(state)).join('');
    const loops = cases.includes(`continue ${this.run};`);
    const waits = states.some(({ wait }) => wait !== null);
    const body = `switch (${at}.name) {\n${cases}${this.resolved()}}\n`;
    return [
      `${one.exported}function ${one.name}(${this.params()}): ${this.context.future}<${result}> {\n`,
      `  return new ${name}(${params.map(({ param }) => param).join(', ')});\n}\n\n`,
      `type ${type} =\n${this.union()};\n\n`,
      `class ${name} extends ${use('Future')}<${result}> {\n`,
      `  private state: ${type} = { name: 'Start' };\n`,
      fields.length > 0 ? `  // What is needed after a wait: variables of a call would be gone with its stack.\n` : '',
      ...fields.map(({ name: field, type: of, param }) => `  private ${field}${param === null ? '!' : ''}: ${of};\n`),
      this.constructed(),
      `\n  override poll(${loops || waits ? '' : '_'}${cx}: ${use('Context')}): ${use('Poll')}<${result}> {\n`,
      `    // Whoever has to wait puts the state back. Whoever returns, or throws, has resolved.\n`,
      `    ${loops ? 'let' : 'const'} ${at} = this.state;\n    this.state = { name: 'Resolved' };\n`,
      loops ? indent(`${this.run}: for (;;) {\n${indent(body, 2)}}\n`, 4) : indent(body, 4),
      '  }\n',
      waits ? indent(`\n${this.cancel()}`, 2) : '',
      '}\n',
    ]
      .map((part) => this.kept.show(part))
      .join('');
  }

  private stateType(): string {
    return this.context.names.fresh(`${this.name}State`);
  }

  private union(): string {
    const lines = this.machine.states.map(({ name, wait }) =>
      wait === null
        ? `  | { readonly name: '${name}' }`
        : `  | { readonly name: '${name}'; readonly future: ${wait.future} }`,
    );
    return [...lines, "  | { readonly name: 'Resolved' }"].join('\n');
  }

  private params(): string {
    const { fn } = this.one;
    const [first] = fn.params;
    const last = fn.params.at(-1);
    return first === undefined || last === undefined ? '' : this.context.source.slice(first.start, last.end);
  }

  private constructed(): string {
    const params = this.machine.fields.filter(({ param }) => param !== null);
    if (params.length === 0) return '';
    const list = params.map(({ param, type }) => `${param}: ${type}`).join(', ');
    const lines = params.map(({ name, param }) => `    this.${name} = ${param};\n`).join('');
    return `\n  constructor(${list}) {\n    super();\n${lines}  }\n`;
  }

  private state({ name, wait, lines, next }: State): string {
    const { at, use } = this;
    const parts: Stretch[] = [];
    const rest = [...lines];
    const texts = lines.map((line) => this.line(line));
    if (wait !== null) {
      const taken = this.taken(rest[0]);
      const used = texts.some(({ text }) =>
        new RegExp(`(?<![\\w$.])${this.value.replace(/\$/g, '\\$')}(?![\\w$])`).test(text),
      );
      const value = taken ?? this.value;
      const poll = `${at}.future.poll(${this.cx})`;
      const [before, ready] = taken !== null || used ? [`const ${value} = ${poll};\n`, value] : ['', poll];
      parts.push({
        own: false,
        text: `${before}if (${ready} === ${use('PENDING')}) {\n  this.state = ${at};\n  return ${use('PENDING')};\n}`,
      });
      if (taken !== null) texts.shift();
    }
    parts.push(...texts);
    if (next !== null && lines.at(-1)?.kind !== 'await')
      parts.push({ own: false, text: `${at} = { name: '${next.name}' };\ncontinue ${this.run};` });
    let text = '';
    let own = false;
    for (const part of parts) {
      if (part.text === '') continue;
      if (part.own && !own) text += `${WRITTEN}\n`;
      if (!part.own && own) text += `${END}\n`;
      own = part.own;
      text += `${part.text}\n`;
    }
    return indent(`case '${name}': {\n${indent(own ? `${text}${END}\n` : text, 2)}}\n`, 2);
  }

  /** The name that a constant gives to the value of the wait before it, if that is all it does. */
  private taken(line: Line | undefined): string | null {
    if (line?.kind !== 'code' || line.node?.type !== 'Identifier') return null;
    const local = this.machine.locals.get(line.node);
    if (local?.kind !== 'const' || this.isField(line.node)) return null;
    const wait = local.declarator.init;
    return wait?.type === 'AwaitExpression' ? line.node.name : null;
  }

  private isField(id: Node): boolean {
    return this.machine.unit.copier.lifted(id) !== null;
  }

  private line(line: Line): Stretch {
    const { at, run } = this;
    if (line.kind === 'await') {
      const next = this.machine.states.find(({ wait }) => wait?.node === line.node)?.name ?? '';
      const future = this.text(line.operand, (line.node as Extract<Node, { type: 'AwaitExpression' }>).argument);
      return { own: false, text: `${at} = { name: '${next}', future: ${future} };\ncontinue ${run};` };
    }
    const { node, rope } = line;
    const local = node === null ? undefined : this.machine.locals.get(node);
    const text = this.text(rope, local?.declarator ?? node);
    if (node === null)
      return {
        own: false,
        text: text.replace(`; continue ${run};`, `;\ncontinue ${run};`).replace(/^return undefined;$/, 'return;'),
      };
    if (rope[0] === 'if (')
      return {
        own: false,
        text: text.replace(/ \{ (\w+ = \{ name: '\w+' \};) (continue \w+;) \}$/, ' {\n  $1\n  $2\n}'),
      };
    return { own: true, text: local === undefined ? text : this.declaration(text, node, local) };
  }

  private declaration(
    text: string,
    id: Node,
    { kind, declarator }: { kind: string; declarator: Extract<Node, { type: 'VariableDeclarator' }> },
  ): string {
    const { source } = this.context;
    const field = this.machine.unit.copier.lifted(id);
    if (field !== null) {
      const type = this.machine.fields.find(({ name }) => text.startsWith(`this.${name} =`))?.type ?? '';
      // Its type has no place for what a variable is before it is given a value.
      return declarator.init === null && !/\b(?:undefined|unknown|any)\b/.test(type) ? '' : text;
    }
    if (declarator.init === null) return `${kind} ${source.slice(id.start, id.end)};`;
    const plain = id.type === 'ObjectPattern' && text.startsWith('(') ? `${text.slice(1, -2)};` : text;
    return this.machine.unit.copier.lifted(id) === null && !plain.startsWith('({') ? `${kind} ${plain}` : plain;
  }

  /** A rope's text, as deep as the machine is instead of as deep as the source was. */
  private text(rope: Rope, node: Node | null): string {
    const printer = new Printer(this.context.source);
    printer.print(rope);
    const { text } = printer;
    if (node === null) return text;
    if (hasLines(node, this.context.source)) return this.kept.hide(text);
    const { line, column } = this.context.lines.at(node.start);
    const depth = /^\s*/.exec(this.context.lines.text(line))?.[0].length ?? column - 1;
    return text.replace(new RegExp(`\\n[ \\t]{0,${depth}}`, 'g'), '\n');
  }

  private resolved(): string {
    const error = `new ${this.use('PawlError')}('ALREADY_COMPLETED', '${this.one.name} was polled after it had resolved')`;
    return indent(`case 'Resolved':\n  throw ${error};\n`, 2);
  }

  private cancel(): string {
    const { use, cx } = this;
    return [
      '// Whoever does not want the value any more asks what is waited for to stop. Nothing above runs again.\n',
      `override cancel(${cx}: ${use('Context')}): ${use('Poll')}<void> {\n`,
      `  const { state } = this;\n`,
      `  if ('future' in state && state.future.cancel(${cx}) === ${use('PENDING')}) return ${use('PENDING')};\n`,
      "  this.state = { name: 'Resolved' };\n  return undefined;\n}\n",
    ].join('');
  }
}

/** Line ends that are a text's own, so that nothing is put after them. */
class KeptLines {
  /** A character for each kind of line end, none of which the source has. */
  private readonly marks: readonly string[];

  constructor(source: string) {
    let at = 0xe000;
    const free = (): string => {
      while (source.includes(String.fromCharCode(at))) at++;
      return String.fromCharCode(at++);
    };
    this.marks = LINE_ENDS.map(() => free());
  }

  hide(text: string): string {
    return text.replace(/[\n\r\u2028\u2029]/g, (end) => this.marks[LINE_ENDS.indexOf(end)] as string);
  }

  show(text: string): string {
    return this.marks.reduce((shown, mark, at) => shown.replaceAll(mark, LINE_ENDS[at] as string), text);
  }
}

const LINE_ENDS: readonly string[] = ['\n', '\r', '\u2028', '\u2029'];

/** True when a line end of the text is the text's own. */
function hasLines(node: Node, source: string): boolean {
  let found = false;
  walk(node, (inner) => {
    if (
      (inner.type === 'TemplateLiteral' || inner.type === 'JSXText' || inner.type === 'Literal') &&
      /[\r\n\u2028\u2029]/.test(source.slice(inner.start, inner.end))
    )
      found = true;
  });
  return found;
}

function indent(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
