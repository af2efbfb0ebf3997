/**
 * What the runtime reports and nobody asked for: slow polls, lost wake-ups, cleanups that overran. A library logs nothing; it tells a hook, whose
 * default is `process.emitWarning`.
 */

/** Something worth knowing that is no failure of any task. */
export interface Report {
  readonly code:
    | 'SLOW_POLL' // a poll took longer than its budget
    | 'LOST_WAKEUP' // a future said PENDING and took no waker
    | 'NEVER_POLLED' // a coroutine or an operation was made and never awaited by the end of the task that made it
    | 'HELD_AT_END' // a task ended while it held something that others wait for
    | 'CLEANUP_TIMEOUT' // a cleanup ran past its deadline
    | 'CLEANUP_ABANDONED' // an operation did not let go within the deadline
    | 'DEADLOCK'; // nothing can wake the tasks that are left, or some of them wait for each other
  readonly message: string;
  /** The task's name, with its spawn site in development mode. */
  readonly task: string;
  /** The place in the program, as `file:line:column`, where that is known. */
  readonly line?: string;
  /** The cycle of a DEADLOCK among known holders: each waits for what the next one holds, the last for the first. */
  readonly cycle?: readonly DeadlockStep[];
}

/** One task in a cycle of waiters. Tasks are named with their spawn site in development mode. */
export interface DeadlockStep {
  readonly task: string;
  /** In a few words: `lock of mutex "users"`. */
  readonly waitsFor: string;
  readonly heldBy: string;
}

/** What is told of each report. What it throws reaches Node as an uncaught exception and stops nothing. */
export type ReportHook = (report: Report) => void;

/** The default hook: a deadlock goes to standard error whole, everything else is a process warning. */
export function emitReport(report: Report): void {
  if (report.code === 'DEADLOCK') {
    process.stderr.write(`${report.message}\n`);
    return;
  }
  process.emitWarning(report.message, { type: 'PawlWarning', code: report.code });
}
