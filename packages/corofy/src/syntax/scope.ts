/**
 * Scopes: which declaration each name of a marked function refers to, and which of its parts contain an `await`.
 *
 * What must hold: names that resolve to nothing inside are free. A binding is `captured` when a function inside uses it, and `risky` when
 * a use of it could come before its declaration has been reached.
 */
import type { JSXElementName } from 'oxc-parser';
import { children, isFunction, isType, type MarkedFunction, type Node } from './node.ts';
import { lexicalsIn, namesIn, varsIn } from './declared.ts';

export type BindingKind = 'param' | 'var' | 'let' | 'const' | 'using' | 'function' | 'class' | 'catch' | 'self';

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly scope: Scope;
  /** Where its declaration ends: a use before that is a use too early. */
  readonly end: number;
  readonly uses: Use[];
  captured: boolean;
  risky: boolean;
}

export interface Use {
  readonly node: Node;
  readonly binding: Binding;
  /** The function inside the binding's own that the use is in, or null. */
  readonly within: Node | null;
  readonly access: 'read' | 'write' | 'declare';
}

/** An assignment to what cannot be assigned to. */
export function isConstant({ binding, access }: Use): boolean {
  return access === 'write' && (binding.kind === 'const' || binding.kind === 'using');
}

export class Scope {
  readonly bindings: Map<string, Binding> = new Map();
  readonly parent: Scope | null;
  readonly node: Node;
  /** The function, or class part that is run like one, which it belongs to. */
  readonly fn: Node;

  constructor(parent: Scope | null, node: Node, fn: Node) {
    this.parent = parent;
    this.node = node;
    this.fn = fn;
  }

  declare(name: string, kind: BindingKind, end: number): void {
    const known = this.bindings.get(name);
    // A `var` may repeat a parameter or a function, and a function a parameter.
    if (known !== undefined && (kind === 'var' || (kind === 'function' && known.kind === 'param'))) return;
    this.bindings.set(name, { name, kind, scope: this, end, uses: [], captured: false, risky: false });
  }

  find(name: string): Binding | null {
    return this.bindings.get(name) ?? this.parent?.find(name) ?? null;
  }
}

/** What a function uses that belongs to its call. */
export interface Surroundings {
  this: boolean;
  arguments: boolean;
}

export class Analysis {
  readonly uses: Map<Node, Use> = new Map();
  readonly scopes: Map<Node, Scope> = new Map();
  readonly free: Set<string> = new Set();
  /** Nodes that contain an await of the function that they belong to. */
  readonly awaits: Set<Node> = new Set();
  readonly surroundings: Map<Node, Surroundings> = new Map();
  private readonly functions: Node[] = [];
  private trail: Node[] = [];

  constructor(root: MarkedFunction) {
    this.visitFunction(root, null);
    for (const use of this.uses.values()) this.judge(use);
  }

  private judge({ node, binding, within, access }: Use): void {
    if (within !== null) binding.captured = true;
    if (access === 'declare') return;
    const { kind, end, scope } = binding;
    if (kind !== 'let' && kind !== 'const' && kind !== 'using' && kind !== 'class') return;
    if (within === null ? node.start < end : within.start < end || within.type === 'FunctionDeclaration')
      binding.risky = true;
    if (scope.node.type === 'SwitchStatement') {
      const declaring = scope.node.cases.find((one) => one.start <= end && end <= one.end);
      if (declaring === undefined || node.start < declaring.start || node.end > declaring.end) binding.risky = true;
    }
  }

  private enter(parent: Scope | null, node: Node): Scope {
    const scope = new Scope(parent, node, this.functions.at(-1) as Node);
    this.scopes.set(node, scope);
    return scope;
  }

  private visitFunction(fn: MarkedFunction, parent: Scope | null): void {
    const { trail } = this;
    this.trail = [];
    let outer = parent;
    this.functions.push(fn);
    if (fn.type === 'FunctionExpression' && fn.id !== null) {
      outer = new Scope(parent, fn, fn);
      outer.declare(fn.id.name, 'self', fn.start);
    }
    const scope = this.enter(outer, fn);
    for (const param of fn.params) for (const id of namesIn(param)) scope.declare(id.name, 'param', fn.start);
    const { body } = fn;
    // Where a parameter has a part that is evaluated, that does not see what the body declares.
    const within =
      fn.params.every(({ type }) => type === 'Identifier') || body?.type !== 'BlockStatement'
        ? scope
        : this.enter(scope, body);
    if (body?.type === 'BlockStatement') {
      for (const { name } of varsIn(body)) within.declare(name, 'var', fn.start);
      this.scopes.set(body, within);
      declareLexical(body.body, within);
    }
    for (const param of fn.params) this.visitPattern(param, scope, 'declare');
    if (body?.type === 'BlockStatement') this.visitAll(body.body, within);
    else if (body !== null) this.visit(body, scope);
    this.functions.pop();
    this.trail = trail;
  }

  /** A part of a class that runs as if it were a function. */
  private visitPart(part: Node, parent: Scope): void {
    const { trail } = this;
    this.trail = [];
    this.functions.push(part);
    const scope = this.enter(parent, part);
    if (part.type === 'StaticBlock') {
      for (const { name } of varsIn(part)) scope.declare(name, 'var', part.start);
      declareLexical(part.body, scope);
      this.visitAll(part.body, scope);
    } else this.visit(part, scope);
    this.functions.pop();
    this.trail = trail;
  }

  private visitAll(nodes: readonly (Node | null)[], scope: Scope): void {
    for (const node of nodes) if (node !== null) this.visit(node, scope);
  }

  private visit(node: Node, scope: Scope): void {
    if (isType(node)) return;
    this.trail.push(node);
    this.visitNode(node, scope);
    this.trail.pop();
  }

  private noteAwait(): void {
    for (const node of this.trail) this.awaits.add(node);
  }

  private visitNode(node: Node, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.use(node, node.name, scope, 'read');
        return;
      case 'JSXOpeningElement':
        this.visitElementName(node.name, scope);
        this.visitAll(node.attributes, scope);
        return;
      case 'JSXClosingElement':
        this.visitElementName(node.name, scope);
        return;
      case 'JSXAttribute':
        if (node.value !== null) this.visit(node.value, scope);
        return;
      case 'ThisExpression':
      case 'Super':
      case 'MetaProperty':
        this.noteSurroundings('this');
        return;
      case 'AwaitExpression':
        this.noteAwait();
        this.visit(node.argument, scope);
        return;
      case 'YieldExpression':
      case 'ReturnStatement':
        if (node.argument === null) {
          if (node.type === 'YieldExpression') this.noteAwait();
          return;
        }
        // What an async generator returns is awaited in it.
        if (node.type === 'YieldExpression' || isGenerator(this.functions.at(-1) as Node)) this.noteAwait();
        this.visit(node.argument, scope);
        return;
      case 'FunctionExpression':
      case 'FunctionDeclaration':
      case 'ArrowFunctionExpression':
        if (node.type === 'FunctionDeclaration' && node.id !== null) this.use(node.id, node.id.name, scope, 'declare');
        this.visitFunction(node, scope);
        return;
      case 'ClassExpression':
      case 'ClassDeclaration': {
        if (node.type === 'ClassDeclaration' && node.id !== null) this.use(node.id, node.id.name, scope, 'declare');
        const inner = this.enter(scope, node);
        if (node.id !== null) inner.declare(node.id.name, 'self', node.start);
        for (const decorator of node.decorators) this.visit(decorator, scope);
        if (node.superClass !== null) this.visit(node.superClass, inner);
        this.visit(node.body, inner);
        return;
      }
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        for (const decorator of node.decorators) this.visit(decorator, scope);
        if (node.computed) this.visit(node.key, scope);
        if (node.value === null) return;
        if (node.type === 'MethodDefinition') this.visit(node.value, scope);
        else this.visitPart(node.value, scope);
        return;
      case 'StaticBlock':
        this.visitPart(node, scope);
        return;
      case 'MemberExpression':
        this.visit(node.object, scope);
        if (node.computed) this.visit(node.property, scope);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key, scope);
        this.visit(node.value, scope);
        return;
      case 'LabeledStatement':
        this.visit(node.body, scope);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'VariableDeclaration':
        if (node.kind === 'await using') this.noteAwait();
        for (const declarator of node.declarations) {
          this.trail.push(declarator);
          this.visitPattern(declarator.id, scope, 'declare');
          if (declarator.init !== null) this.visit(declarator.init, scope);
          this.trail.pop();
        }
        return;
      case 'AssignmentExpression':
        this.visitPattern(node.left, scope, 'write');
        this.visit(node.right, scope);
        return;
      case 'UpdateExpression':
        this.visitPattern(node.argument, scope, 'write');
        return;
      case 'BlockStatement': {
        const inner = this.enter(scope, node);
        declareLexical(node.body, inner);
        this.visitAll(node.body, inner);
        return;
      }
      case 'ForStatement': {
        const inner = this.enter(scope, node);
        if (node.init !== null) declareLexical([node.init], inner);
        this.visitAll([node.init, node.test, node.update, node.body], inner);
        return;
      }
      case 'ForInStatement':
      case 'ForOfStatement': {
        if (node.type === 'ForOfStatement' && node.await) this.noteAwait();
        const inner = this.enter(scope, node);
        const { left } = node;
        if (left.type === 'VariableDeclaration') {
          declareLexical([left], inner, node.right.end);
          this.visit(left, inner);
        } else this.visitPattern(left, inner, 'write');
        this.visit(node.right, inner);
        this.visit(node.body, inner);
        return;
      }
      case 'TSModuleBlock': {
        const inner = this.enter(scope, node);
        for (const { name } of varsIn(node)) inner.declare(name, 'var', node.start);
        declareLexical(node.body, inner);
        this.visitAll(node.body, inner);
        return;
      }
      case 'SwitchStatement': {
        this.visit(node.discriminant, scope);
        const inner = this.enter(scope, node);
        for (const one of node.cases) declareLexical(one.consequent, inner);
        this.visitAll(node.cases, inner);
        return;
      }
      case 'CatchClause': {
        const inner = this.enter(scope, node);
        if (node.param !== null) {
          for (const id of namesIn(node.param)) inner.declare(id.name, 'catch', node.start);
          this.visitPattern(node.param, inner, 'declare');
        }
        this.visit(node.body, inner);
        return;
      }
      default:
        this.visitAll(children(node), scope);
    }
  }

  private visitElementName(name: JSXElementName, scope: Scope): void {
    let first: Node = name;
    while (first.type === 'JSXMemberExpression') first = first.object;
    if (first.type !== 'JSXIdentifier') return;
    if (name.type === 'JSXMemberExpression' || !/^[a-z]/.test(first.name)) this.use(first, first.name, scope, 'read');
  }

  private visitPattern(pattern: Node, scope: Scope, access: 'declare' | 'write'): void {
    if (isType(pattern)) return;
    this.trail.push(pattern);
    switch (pattern.type) {
      case 'Identifier':
        this.use(pattern, pattern.name, scope, access);
        break;
      case 'ObjectPattern':
        for (const property of pattern.properties) this.visitPattern(property, scope, access);
        break;
      case 'Property':
        if (pattern.computed) this.visit(pattern.key, scope);
        this.visitPattern(pattern.value, scope, access);
        break;
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element !== null) this.visitPattern(element, scope, access);
        break;
      case 'AssignmentPattern':
        this.visitPattern(pattern.left, scope, access);
        this.visit(pattern.right, scope);
        break;
      case 'RestElement':
        this.visitPattern(pattern.argument, scope, access);
        break;
      case 'TSParameterProperty':
        this.visitPattern(pattern.parameter, scope, access);
        break;
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'ParenthesizedExpression':
        this.visitPattern(pattern.expression, scope, access);
        break;
      default:
        this.visit(pattern, scope);
    }
    this.trail.pop();
  }

  private use(node: Node, name: string, scope: Scope, access: Use['access']): void {
    if (name === 'arguments') this.noteSurroundings('arguments');
    const binding = scope.find(name);
    if (binding === null) {
      this.free.add(name);
      return;
    }
    const depth = this.functions.lastIndexOf(binding.scope.fn);
    const use: Use = { node, binding, within: this.functions[depth + 1] ?? null, access };
    binding.uses.push(use);
    this.uses.set(node, use);
  }

  /** `this` and `arguments` belong to the nearest function that is no arrow. */
  private noteSurroundings(what: keyof Surroundings): void {
    for (const fn of this.functions.toReversed()) {
      const known = this.surroundings.get(fn) ?? { this: false, arguments: false };
      known[what] = true;
      this.surroundings.set(fn, known);
      if (!isFunction(fn) || fn.type !== 'ArrowFunctionExpression') return;
    }
  }
}

function isGenerator(fn: Node): boolean {
  return isFunction(fn) && fn.generator;
}

/** Declares what a statement list declares in its own block. `until`: where the declarations of a loop's head end. */
function declareLexical(statements: readonly Node[], scope: Scope, until?: number): void {
  for (const { name, kind, end } of lexicalsIn(statements))
    scope.declare(name, kind, kind === 'function' || kind === 'class' ? end : (until ?? end));
}
