/**
 * Terms: the deadlines that a scope has, its own or inherited, and how to find those of a poll.
 *
 * What must hold: what is under a scope never has longer than the scope. A scope without deadlines of its own shares the object of the one
 * around it, so inheriting costs a pointer.
 */
import { Branch } from '../future/branch.ts';
import type { Context } from '../future/context.ts';
import { ScopeBody } from './scope-body.ts';
import type { Task } from './task.ts';

export interface Terms {
  /** On the driver's clock; Infinity for none. */
  readonly deadline: number;
  /** How long a cleanup may take, in ms. */
  readonly cleanupTimeout: number;
}

/** The terms of the innermost scope around a poll. */
export function termsOf(cx: Context): Terms {
  let context = cx;
  while (context instanceof Branch) context = context.owner.cx;
  return context instanceof ScopeBody ? context.scope.terms : (context.task as Task<unknown>).parent.terms;
}
