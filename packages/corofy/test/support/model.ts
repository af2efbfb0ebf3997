// oxlint-disable typescript/no-implied-eval -- bodies are texts; that is what is tested
/**
 * The model: a body rewritten as native generators that yield what they await, so that it can be returned from at any suspension. It says
 * what a cancellation of the compiled body is to do.
 *
 * What must hold: each call of a marked function is a generator of its own. A cancelled one is returned from, and what it then throws is
 * collected; its caller is returned from after it. What an async generator yields once it is closed is dropped.
 */
import { parseSync } from 'oxc-parser';
import { combine } from '../../../pawl/src/future/suppressed.ts';
import { logger, show, type Trace } from './ways.ts';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly argument?: Node | null;
  readonly body?: Node;
  readonly params?: readonly Node[];
  readonly generator?: boolean;
  readonly delegate?: boolean;
  readonly callee?: Node & { readonly name?: string };
  readonly arguments?: readonly Node[];
  readonly [key: string]: unknown;
}

/** The body's text as a generator; asynchronous where the body needs it. */
export function modelOf(source: string, asynchronous: boolean): string {
  const prefix = 'const body = ';
  const text = `${prefix}${source};`;
  const { program } = parseSync('body.js', text, { sourceType: 'module', preserveParens: true });
  const edits: { start: number; end: number; text: string }[] = [];
  const around = (node: Node, before: string, after: string): void => {
    edits.push({ start: node.start, end: (node.argument as Node).start, text: before });
    const { end } = node.type === 'ReturnStatement' ? (node.argument as Node) : node;
    edits.push({ start: end, end, text: after });
  };
  const enter = (fn: Node): void => {
    const [first] = fn.params ?? [];
    const params = first === undefined ? '' : text.slice(first.start, fn.params?.at(-1)?.end);
    const { body } = fn as { readonly body: Node };
    const head = `${asynchronous ? 'async ' : ''}function* (${params}) `;
    const expression = body.type !== 'BlockStatement';
    edits.push({ start: fn.start, end: body.start, text: expression ? `${head}{ return (` : head });
    visit(body, fn.generator === true);
    if (expression) edits.push({ start: body.end, end: body.end, text: '); }' });
  };
  const visit = (node: unknown, generator: boolean): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, generator);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const marked = one.type === 'CallExpression' && one.callee?.name === 'coroutine' ? one.arguments?.[0] : undefined;
    if (marked !== undefined) {
      enter(marked);
      return;
    }
    if (/Function/.test(one.type)) return;
    if (one.type === 'AwaitExpression') around(one, '(yield ', ')');
    else if (one.type === 'YieldExpression' && one.delegate === true) around(one, '(yield* $delegate(', '))');
    else if (one.type === 'YieldExpression') {
      if (one.argument === null) edits.push({ start: one.start, end: one.end, text: '(yield $emit())' });
      else around(one, '(yield $emit((yield ', ')))');
    } else if (one.type === 'ReturnStatement' && generator && one.argument !== null) {
      around(one, 'return (yield (', '))');
    }
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value, generator);
  };
  const [declaration] = (program.body[0] as unknown as { declarations: readonly { readonly init: Node }[] })
    .declarations;
  enter((declaration as { readonly init: Node }).init);
  let result = '';
  let at = prefix.length;
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at, -1);
}

/** A generator of either kind. */
interface Steps {
  next(value: unknown): Step | Promise<Step>;
  throw(error: unknown): Step | Promise<Step>;
  return(value: unknown): Step | Promise<Step>;
}
type Step = IteratorResult<unknown, unknown>;

/** What a body can yield, apart from plain values. */
class Wait {
  readonly failed: boolean;
  readonly value: unknown;
  constructor(failed: boolean, value: unknown) {
    this.failed = failed;
    this.value = value;
  }
}
class Emitted {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}
class Call {
  readonly steps: Steps;
  constructor(steps: Steps) {
    this.steps = steps;
  }
}

const emit = (value?: unknown): Emitted => new Emitted(value);

function* delegate(iterable: Iterable<unknown>): Generator<unknown, unknown, unknown> {
  const iterator = iterable[Symbol.iterator]();
  let open = false;
  try {
    for (;;) {
      const { done, value } = iterator.next(undefined);
      if (done === true) return yield value;
      open = true;
      yield emit(yield value);
      open = false;
    }
  } finally {
    if (open) iterator.return?.();
  }
}

async function* delegateAsync(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<unknown, unknown, unknown> {
  if (typeof iterable !== 'object' || !(Symbol.asyncIterator in iterable)) return yield* delegate(iterable);
  const iterator = iterable[Symbol.asyncIterator]();
  let open = false;
  try {
    for (;;) {
      const { done, value } = await iterator.next(undefined);
      if (done === true) return value;
      open = true;
      yield emit(value);
      open = false;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}

/** Where a run is stopped: during a wait, when it is cancelled, or after a value, when it is closed. */
export interface Stop {
  readonly wait?: number;
  readonly value?: number;
}

/** One call that is under way. */
interface Frame {
  readonly steps: Steps;
  cancelled: boolean;
}

export async function runModel(source: string, env: object, asynchronous: boolean, stop: Stop): Promise<Trace> {
  const { log, lines } = logger();
  const generator = /^async function\s*\*/.test(source);
  const make = new Function(
    'coroutine',
    '$emit',
    '$delegate',
    `"use strict"; return (${modelOf(source, asynchronous)});`,
  );
  const coroutine =
    (fn: (...args: unknown[]) => Steps) =>
    (...args: unknown[]): Call =>
      new Call(fn(...args));
  const body = make(coroutine, emit, asynchronous ? delegateAsync : delegate) as (...args: unknown[]) => Steps;
  const wait = (value?: unknown): Wait => new Wait(false, value);
  const fail = (value: unknown): Wait => new Wait(true, value);
  const errors: unknown[] = [];
  let waits = 0;
  let values = 0;
  let stopped = false;
  const ended = (how: string): Trace => ({ log: lines, end: how, waits });
  const stack: Frame[] = [{ steps: body(log, wait, fail, env), cancelled: false }];
  let resume: (steps: Steps) => Step | Promise<Step> = (steps) => steps.next(undefined);
  const cancel = (frame: Frame): void => {
    stopped = true;
    frame.cancelled = true;
    resume = (steps) => steps.return(undefined);
  };
  for (;;) {
    const frame = stack.at(-1) as Frame;
    let step: Step;
    try {
      step = await resume(frame.steps);
    } catch (error) {
      stack.pop();
      if (frame.cancelled) errors.push(error);
      const caller = stack.at(-1);
      if (caller === undefined) {
        if (!stopped) return ended(`threw ${show(error)}`);
        break;
      }
      if (frame.cancelled) cancel(caller);
      else resume = (steps) => steps.throw(error);
      continue;
    }
    const { value } = step;
    if (step.done === true) {
      stack.pop();
      const caller = stack.at(-1);
      if (caller === undefined) {
        if (!stopped) return ended(generator ? 'ended' : `returned ${show(value)}`);
        break;
      }
      if (frame.cancelled) cancel(caller);
      else resume = (steps) => steps.next(value);
    } else if (value instanceof Call) {
      stack.push({ steps: value.steps, cancelled: false });
      resume = (steps) => steps.next(undefined);
    } else if (value instanceof Wait) {
      if (waits++ === stop.wait) {
        log('cancelled');
        cancel(frame);
      } else if (value.failed) resume = (steps) => steps.throw(value.value);
      else resume = (steps) => steps.next(value.value);
    } else if (value instanceof Emitted) {
      resume = (steps) => steps.next(undefined);
      if (stopped) continue;
      log('yielded', value.value);
      if (values++ === stop.value) cancel(frame);
    } else resume = (steps) => steps.next(value);
  }
  if (generator) return ended(errors.length === 0 ? 'closed' : `closed, and threw ${show(combine(errors))}`);
  return ended(`cancelled ${show(errors)}`);
}
