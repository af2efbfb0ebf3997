/** The task dump: the live tree of a runtime's tasks, with the await tree inside each, read from the frames' own links without polling. */
import type { Future } from '../future/future.ts';
import type { Scope } from './scope.ts';
import { ScopeBody } from './scope-body.ts';
import type { Task } from './task.ts';

interface Awaiting {
  readonly awaited?: Future<unknown> | null;
  readonly label?: string | undefined;
  readonly scope?: Scope;
}

/** One line a task, indented by depth: name, state, spawn site, then the chain of what it awaits. */
export function dumpTasks(root: Scope): string {
  const lines: string[] = [];
  dumpScope(root, '', lines);
  return lines.join('\n');
}

function dumpScope(scope: Scope, indent: string, lines: string[]): void {
  for (const task of scope.list) dumpTask(task, indent, lines);
}

function dumpTask(task: Task<unknown>, indent: string, lines: string[]): void {
  const site = task.site === undefined ? '' : `, spawned at ${task.site}`;
  lines.push(`${indent}- ${task.name} [${task.state}${task.daemon ? ', daemon' : ''}]${site}`);
  const chain: string[] = [];
  const scopes = new Set<Scope>();
  let future: Awaiting | null | undefined = task.body as Awaiting | null;
  while (future !== null && future !== undefined) {
    if (future.scope !== undefined) scopes.add(future.scope);
    // What drives a scope's body is none of the user's futures.
    if (!(future instanceof ScopeBody)) chain.push(nameOf(future));
    future = future.awaited as Awaiting | null | undefined;
  }
  const awaited = chain.slice(1);
  if (awaited.length > 0) lines.push(`${indent}    awaits ${awaited.join(' > ')}`);
  if (task.children !== null) scopes.add(task.children);
  for (const scope of scopes) dumpScope(scope, `${indent}  `, lines);
}

function nameOf(future: Awaiting): string {
  const label = future.constructor === Object ? undefined : future.label;
  return label ?? (future as object).constructor.name;
}
