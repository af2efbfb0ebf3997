/**
 * Copying: a piece of the source as it is, but for what must change in it: uses of variables that have been lifted, jumps that leave it,
 * and marked functions inside.
 *
 * What must hold: everything else comes out byte for byte.
 */
import type { AssignmentExpression, CallExpression, JSXElement, VariableDeclaration } from 'oxc-parser';
import { compileCall } from '../machine/compile.ts';
import { LabelUse } from '../machine/code.ts';
import { identifierEnd } from '../machine/names.ts';
import type { Piece, Rope } from '../output/rope.ts';
import {
  bare,
  children,
  isAnonymous,
  isFunction,
  isType,
  nameGivenBy,
  type Assigning,
  type Node,
} from '../syntax/node.ts';
import { isConstant } from '../syntax/scope.ts';
import { isUsing } from './disposal.ts';
import { NamedValue, ShorthandKey, shorthandKey, unnamed } from './naming.ts';
import { rootOf } from './operands.ts';
import { Variables } from './variables.ts';

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly rope: Rope;
}

/** What surrounds the node within the copied piece. */
interface Inside {
  readonly fn: boolean;
  readonly loop: boolean;
  readonly breakable: boolean;
  readonly labels: readonly string[];
  /** Something of the piece itself wants to know of an error. */
  readonly guarded: boolean;
}

const OUTSIDE: Inside = { fn: false, loop: false, breakable: false, labels: [], guarded: false };
const NONE: ReadonlyMap<Node, Rope> = new Map();

export class Copier extends Variables {
  private edits: Edit[] = [];
  /** Targets before which it has been checked that their variable is there. */
  private readonly checked = new Set<Node>();
  private replaced: ReadonlyMap<Node, Rope> = NONE;
  /** Elements that stand in another one, where an expression would stand in braces. */
  private readonly inMarkup = new Set<Node>();

  /** The node's text; `replaced` nodes become other ropes. */
  copy(node: Node, replaced: ReadonlyMap<Node, Rope> = NONE): Rope {
    return this.range(node.start, node.end, [node], replaced);
  }

  /** The text from one place to another, which the nodes are in. */
  range(from: number, to: number, nodes: readonly Node[], replaced: ReadonlyMap<Node, Rope> = NONE): Rope {
    const outer = [this.edits, this.replaced] as const;
    this.edits = [];
    this.replaced = replaced;
    for (const node of nodes) this.visit(node, OUTSIDE);
    const edits = this.edits.sort((a, b) => a.from - b.from);
    [this.edits, this.replaced] = outer;
    const pieces: Piece[] = [];
    let at = from;
    for (const edit of edits) {
      if (edit.from > at) pieces.push({ from: at, to: edit.from });
      pieces.push(edit.rope);
      at = Math.max(at, edit.to);
    }
    if (to > at) pieces.push({ from: at, to });
    return pieces;
  }

  /** An expression where no comma may stand. */
  private operand(node: Node): Rope {
    const rope = this.copy(node, this.replaced);
    return node.type === 'SequenceExpression' ? ['(', ...rope, ')'] : unnamed(node, rope);
  }

  private edit(from: number, to: number, rope: Rope): void {
    this.edits.push({ from, to, rope });
  }

  private visit(node: Node, inside: Inside): void {
    const replacement = this.replaced.get(node);
    if (replacement !== undefined) {
      this.edit(node.start, node.end, replacement);
      return;
    }
    if (isType(node)) return;
    if (isFunction(node) || node.type === 'ClassBody') {
      if (isFunction(node) && node.async) this.unit.file.unmarked(node);
      for (const child of children(node)) this.visit(child, { ...OUTSIDE, fn: true });
      return;
    }
    switch (node.type) {
      case 'Identifier':
      case 'JSXIdentifier':
        this.variable(node, false);
        return;
      case 'Property':
        if (node.shorthand) {
          this.shorthand(node.value, inside);
          return;
        }
        if (node.computed) this.visit(node.key, inside);
        this.visit(node.value, inside);
        return;
      case 'MemberExpression':
        this.visit(node.object, inside);
        if (node.computed) this.visit(node.property, inside);
        return;
      case 'CallExpression':
        this.call(node, inside);
        return;
      case 'TaggedTemplateExpression':
        if (node.tag.type === 'Identifier') this.variable(node.tag, true);
        else this.visit(node.tag, inside);
        this.visit(node.quasi, inside);
        return;
      case 'AssignmentExpression':
        this.assignment(node, inside);
        return;
      case 'AssignmentPattern':
        if (isAnonymous(node.right) && this.named(node, inside)) return;
        break;
      case 'UpdateExpression': {
        const use = this.lifted(bare(node.argument));
        if (use !== null && isConstant(use)) {
          this.edit(node.start, node.end, [`${this.unit.use('constant')}(`, this.read(use), ')']);
          return;
        }
        if (use !== null && use.binding.risky) {
          this.edit(node.start, node.start, ['(', this.read(use), ', ']);
          this.checked.add(bare(node.argument));
          this.visit(node.argument, inside);
          this.edit(node.end, node.end, [')']);
          return;
        }
        break;
      }
      case 'BlockStatement':
      case 'StaticBlock':
        this.list(node.body, node.body.some((child) => isUsing(child)) ? { ...inside, guarded: true } : inside);
        return;
      case 'SwitchCase':
        if (node.test !== null) this.visit(node.test, inside);
        this.list(node.consequent, inside);
        return;
      case 'ClassDeclaration':
        if (node.abstract === true && node.id !== null && this.replaced.has(node.id)) this.concrete(node);
        break;
      case 'VariableDeclaration':
        if (this.declaration(node, inside, '')) return;
        break;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const head = node.type === 'ForStatement' ? node.init : node.left;
        const rewritten = head?.type === 'VariableDeclaration' && this.declaration(head, inside, 'for');
        for (const child of children(node))
          if (child !== head || !rewritten)
            this.visit(child, child === node.body ? { ...inside, loop: true, breakable: true } : inside);
        return;
      }
      case 'WhileStatement':
      case 'DoWhileStatement':
        this.visit(node.test, inside);
        this.visit(node.body, { ...inside, loop: true, breakable: true });
        return;
      case 'SwitchStatement':
        for (const child of children(node)) this.visit(child, { ...inside, breakable: true });
        return;
      case 'LabeledStatement':
        this.visit(node.body, { ...inside, labels: [...inside.labels, node.label.name] });
        return;
      case 'BreakStatement':
      case 'ContinueStatement': {
        const how = node.type === 'BreakStatement' ? 'break' : 'continue';
        const native =
          node.label === null
            ? how === 'break'
              ? inside.breakable
              : inside.loop
            : inside.labels.includes(node.label.name);
        if (!inside.fn && !native)
          this.edit(node.start, node.end, this.unit.jumps.exit(how, node.label === null ? null : node.label.name));
        return;
      }
      case 'JSXAttribute':
        if (node.value !== null) this.inMarkup.add(node.value);
        break;
      case 'JSXElement':
      case 'JSXFragment':
        for (const child of node.children) this.inMarkup.add(child);
        if (node.type === 'JSXElement' && this.component(node, inside)) return;
        break;
      case 'TryStatement':
        for (const child of children(node)) this.visit(child, { ...inside, guarded: true });
        return;
      case 'ThrowStatement': {
        const { region } = this.unit.code;
        if (inside.fn || inside.loop || inside.guarded || region === null) break;
        const { at, run, value } = this.unit.registers;
        // Straight to where it is caught: the engine takes a microsecond for a throw below a callback of its host.
        this.edit(node.start, node.end, [
          { text: `{ ${value} = `, at: node.start },
          this.operand(node.argument),
          `; ${at} = `,
          new LabelUse(region.handler),
          `; continue ${run}; }`,
        ]);
        return;
      }
      case 'ReturnStatement': {
        if (inside.fn) break;
        const rope = this.unit.jumps.return(node.argument === null ? ['undefined'] : [this.operand(node.argument)]);
        this.edit(node.start, node.end, [{ text: '', at: node.start }, ...rope]);
        return;
      }
      default:
    }
    for (const child of children(node)) this.visit(child, inside);
  }

  /** A component that may not be there yet is looked at before the element is made: its name has no place for a call. */
  private component(node: JSXElement, inside: Inside): boolean {
    const { name } = node.openingElement;
    const use = this.lifted(rootOf(name));
    if (use === null || !use.binding.risky || this.replaced.has(name)) return false;
    const [open, close] = this.inMarkup.has(node) ? ['{(', ')}'] : ['(', ')'];
    this.edit(node.start, node.start, [open, this.read(use), ', ']);
    for (const child of children(node)) this.visit(child, inside);
    this.edit(node.end, node.end, [close]);
    return true;
  }

  /** No expression is an abstract class: what makes it one is a type's business. */
  private concrete(node: Extract<Node, { type: 'ClassDeclaration' | 'ClassExpression' }>): void {
    const from = node.decorators.at(-1)?.end ?? node.start;
    const at = this.unit.file.source.indexOf('abstract', from);
    this.edit(at, at + 'abstract'.length, []);
    for (const member of node.body.body)
      if (member.type.startsWith('TSAbstract')) this.edit(member.start, member.end, []);
  }

  /** Statements. What begins or ends otherwise now must not run into what stands beside it without a semicolon. */
  private list(statements: readonly Node[], inside: Inside): void {
    let ended = true;
    for (const one of statements) {
      const before = this.edits.length;
      this.visit(one, inside);
      const edits = this.edits.slice(before);
      if (!ended && edits.some(({ from }) => from === one.start))
        this.edits.splice(before, 0, { from: one.start, to: one.start, rope: [';'] });
      ended = this.unit.file.source[one.end - 1] === ';';
      if (!ended && edits.some(({ to }) => to === one.end) && mayGoOn(one)) {
        this.edit(one.end, one.end, [';']);
        ended = true;
      }
    }
  }

  private variable(node: Node, callee: boolean): void {
    const use = this.lifted(node);
    if (use === null) return;
    let rope = use.access === 'read' ? this.read(use) : this.target(use);
    // In a pattern; other assignments to a constant, or to what may not be there yet, have been met before.
    if (node.type === 'JSXIdentifier') rope = this.target(use);
    else if (use.access === 'write' && use.binding.risky && !this.checked.has(node)) rope = this.checkedTarget(use);
    else if (isConstant(use)) rope = `${this.unit.use('immutable')}.value`;
    // An identifier of a pattern reaches over its type.
    const to = use.access === 'declare' ? node.end : identifierEnd(this.unit.file.source, node.start);
    const owner = callee && this.layoutOf(use).hasOwner(use.binding);
    this.edit(node.start, to, owner ? ['(0, ', rope, ')'] : [rope]);
  }

  private shorthand(value: Node, inside: Inside): void {
    const target = value.type === 'AssignmentPattern' ? value.left : value;
    const use = this.lifted(target);
    if (use !== null && !this.replaced.has(value)) {
      const { name } = target as unknown as { name: string };
      const changed = use.access !== 'declare' && (isConstant(use) || use.binding.risky);
      this.edit(target.start, target.start, [changed ? shorthandKey(name) : new ShorthandKey(this.target(use), name)]);
    }
    this.visit(value, inside);
  }

  private call(node: CallExpression, inside: Inside): void {
    const compiled = compileCall(this.unit.file, node, this.unit);
    if (compiled !== null) {
      this.edit(node.start, node.end, compiled);
      return;
    }
    if (node.callee.type === 'Identifier') this.variable(node.callee, true);
    else this.visit(node.callee, inside);
    for (const argument of node.arguments) this.visit(argument, inside);
  }

  private assignment(node: AssignmentExpression, inside: Inside): void {
    const { left, operator, right } = node;
    const use = this.lifted(bare(left));
    if (use === null) {
      this.visit(left, inside);
      this.visit(right, inside);
      return;
    }
    if (isConstant(use) && operator === '=') {
      this.edit(node.start, right.start, [`${this.unit.use('constant')}(`]);
      this.edit(right.start, right.end, this.checkedValue(use, this.copy(right, this.replaced)));
      this.edit(node.end, node.end, [')']);
    } else if (isConstant(use)) {
      const plain = operator.slice(0, -1);
      this.edit(node.start, right.start, ['(', this.read(use), ` ${plain} ${this.unit.use('constant')}(`]);
      this.visit(right, inside);
      this.edit(node.end, node.end, ['))']);
    } else if (use.binding.risky) {
      const { name } = use.binding;
      const target = this.target(use);
      if (operator === '=') {
        this.edit(node.start, right.start, [target, ` = ${this.unit.use('assigned')}(`]);
        const given = isAnonymous(right) ? nameGivenBy(node) : null;
        if (given === null) this.visit(right, inside);
        else this.edit(right.start, right.end, [new NamedValue('', given, this.copy(right, this.replaced))]);
        this.edit(node.end, node.end, [', ', target, `, ${JSON.stringify(name)})`]);
      } else {
        this.edit(node.start, left.start, ['(', this.read(use), ', ']);
        this.checked.add(bare(left));
        if (!isAnonymous(right) || !this.named(node, inside)) {
          this.visit(left, inside);
          this.visit(right, inside);
        }
        this.edit(node.end, node.end, [')']);
      }
    } else if (isAnonymous(right) && this.named(node, inside)) return;
    else {
      this.visit(left, inside);
      this.visit(right, inside);
    }
  }

  /** A function takes its name from the variable that it is assigned to, whatever that is called now. */
  private named(node: Assigning, inside: Inside): boolean {
    const { left, right } = node;
    const use = this.lifted(bare(left));
    const given = nameGivenBy(node);
    if (use === null || given === null) return false;
    this.visit(left, inside);
    const value = this.copy(right, this.replaced);
    // One that may not be there yet is not assigned to by its name alone.
    const target = use.access === 'write' && use.binding.risky ? '' : this.target(use);
    this.edit(right.start, right.end, [new NamedValue(target, given, value)]);
    return true;
  }

  /** A `var` of a copied piece, which is an assignment to what it declares. */
  private declaration(node: VariableDeclaration, inside: Inside, place: 'for' | ''): boolean {
    const first = node.declarations[0];
    if (node.kind !== 'var' || inside.fn || first === undefined) return false;
    const parts: Rope[] = [];
    for (const { id, init } of node.declarations) {
      if (init === null && place === '') continue;
      const target = this.pattern(id);
      if (init === null) parts.push(target);
      else {
        const value = this.copy(init, this.replaced);
        const use = this.lifted(id);
        const named =
          use !== null && isAnonymous(init) ? [new NamedValue(this.target(use), use.binding.name, value)] : value;
        parts.push(id.type === 'ObjectPattern' ? ['(', ...target, ' = ', ...named, ')'] : [...target, ' = ', ...named]);
      }
    }
    const rope: Piece[] = [];
    for (const [index, part] of parts.entries()) rope.push(...(index === 0 ? [] : [', ']), ...part);
    if (place === '' && parts.length > 0) rope.unshift('void (', ...rope.splice(0), ')');
    const last = node.declarations.at(-1) as Node;
    this.edit(node.start, last.end, rope);
    return true;
  }

  /** The target of a declaration: its pattern without its types. */
  pattern(id: Node): Rope {
    const annotation = (id as { typeAnnotation?: Node | null }).typeAnnotation;
    const to = annotation === null || annotation === undefined ? id.end : annotation.start;
    return id.type === 'Identifier' ? this.copy(id, this.replaced) : this.range(id.start, to, [id], this.replaced);
  }
}

/** A statement that the next line would belong to, if that began with a parenthesis. */
function mayGoOn(node: Node): boolean {
  return !/^(?:Function|Class)Declaration$|^(?:Block|Try|Switch)Statement$/.test(node.type);
}
