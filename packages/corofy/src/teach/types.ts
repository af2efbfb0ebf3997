/**
 * The types of what outlives a wait. It becomes a field, and a field needs a type, which has to be seen from the text alone.
 *
 * What must hold: a type is what TypeScript would have inferred, or it is refused with the place where to write it.
 */
import { bare, type Node } from '../syntax/node.ts';
import type { Analysis, Binding } from '../syntax/scope.ts';

type Declarator = Extract<Node, { type: 'VariableDeclarator' }>;

export class Types {
  /** Functions whose result's type depends on what they are given. */
  private readonly generic: ReadonlySet<string>;
  private readonly future: string;
  private readonly source: string;
  private readonly analysis: Analysis;
  /** Declarators and parameters by the identifier that they declare. */
  private readonly declared: ReadonlyMap<Node, Declarator | Node>;

  constructor(
    source: string,
    analysis: Analysis,
    declared: ReadonlyMap<Node, Declarator | Node>,
    { generic, future }: { readonly generic: ReadonlySet<string>; readonly future: string },
  ) {
    this.generic = generic;
    this.future = future;
    this.source = source;
    this.analysis = analysis;
    this.declared = declared;
  }

  /** The type that is written behind a name, or null. */
  written(node: Node): string | null {
    const annotation = (node as { typeAnnotation?: { typeAnnotation: Node } | null }).typeAnnotation;
    if (annotation === null || annotation === undefined) return null;
    const { start, end } = annotation.typeAnnotation;
    return this.source.slice(start, end);
  }

  /** A variable's type; null when it has to be written. */
  ofBinding(binding: Binding): string | null {
    const id = binding.uses.find(({ access }) => access === 'declare')?.node;
    const from = id === undefined ? undefined : this.declared.get(id);
    if (id === undefined || from === undefined) return null;
    if (from.type === 'RestElement') return this.written(from) ?? this.written(id);
    const written = this.written(id);
    if (written !== null) return (id as { optional?: boolean }).optional === true ? `${written} | undefined` : written;
    if (from.type === 'AssignmentPattern') return this.ofValue(from.right);
    if (from.type !== 'VariableDeclarator' || from.id !== id || from.init === null) return null;
    const init = bare(from.init);
    if (from.init.type !== init.type) return this.ofAssertion(from.init);
    // A constant's type is its literal's own.
    if (binding.kind === 'const' && init.type === 'Literal' && this.ofValue(init) !== null) return this.text(init);
    if (init.type !== 'AwaitExpression') return this.ofValue(init);
    const future = this.ofFuture(init.argument);
    return future === null ? null : this.valueOf(future);
  }

  private ofAssertion(node: Node): string | null {
    if (node.type === 'ParenthesizedExpression') return this.ofAssertion(node.expression);
    if (node.type !== 'TSAsExpression') return this.ofValue(node);
    const type = this.source.slice(node.typeAnnotation.start, node.typeAnnotation.end);
    return type === 'const' ? null : type;
  }

  /** The type of a value of which that can be seen. */
  ofValue(node: Node): string | null {
    switch (node.type) {
      case 'Literal':
        if (typeof node.value === 'string' || typeof node.value === 'number' || typeof node.value === 'boolean')
          return typeof node.value;
        if ('regex' in node) return 'RegExp';
        return 'bigint' in node ? 'bigint' : null;
      case 'TemplateLiteral':
        return 'string';
      case 'UnaryExpression':
        if (node.operator === '!') return 'boolean';
        return node.operator === 'typeof' ? 'string' : node.operator === '-' ? this.ofValue(node.argument) : null;
      case 'BinaryExpression':
        return /^(?:[=!]==?|[<>]=?|in|instanceof)$/.test(node.operator) ? 'boolean' : null;
      case 'NewExpression': {
        const { callee, typeArguments } = node;
        if (
          !this.isOfModule(callee) ||
          (typeArguments === null && /^(?:Array|Map|Set|WeakMap|WeakSet|Promise)$/.test(this.text(callee)))
        )
          return null;
        return (
          this.text(callee) + (typeArguments === null || typeArguments === undefined ? '' : this.text(typeArguments))
        );
      }
      case 'Identifier': {
        const use = this.analysis.uses.get(node);
        return use === undefined ? null : this.ofBinding(use.binding);
      }
      case 'CallExpression':
        return this.ofCall(node);
      case 'AwaitExpression': {
        const future = this.ofFuture(node.argument);
        return future === null ? null : this.valueOf(future);
      }
      default:
        return null;
    }
  }

  /** The type of what is waited for. */
  ofFuture(node: Node): string | null {
    const inner = bare(node);
    if (inner.type === 'Identifier' && this.isOfModule(inner)) return `typeof ${inner.name}`;
    return this.ofValue(inner);
  }

  private ofCall(node: Extract<Node, { type: 'CallExpression' }>): string | null {
    if (node.typeArguments !== null && node.typeArguments !== undefined) return null;
    if (node.callee.type === 'Identifier' && this.generic.has(node.callee.name)) return null;
    return this.isOfModule(node.callee) ? `ReturnType<typeof ${this.text(node.callee)}>` : null;
  }

  /** `a` or `a.b.c`, of a name that is known outside of the function. */
  private isOfModule(node: Node): boolean {
    if (node.type === 'MemberExpression') return !node.computed && !node.optional && this.isOfModule(node.object);
    return node.type === 'Identifier' && !this.analysis.uses.has(node);
  }

  private text({ start, end }: { start: number; end: number }): string {
    return this.source.slice(start, end);
  }

  /** The type of a future's value. */
  private valueOf(future: string): string {
    const simple = /^([\w$]+)<([\w.]+(?:\[\])*)>$/.exec(future);
    return simple?.[1] === this.future ? (simple[2] as string) : `Awaited<${future}>`;
  }
}
