/**
 * What the runtime reports and nobody asked for: slow polls, lost wake-ups, cleanups that overran. A library logs nothing; it tells a hook, whose
 * default is `process.emitWarning`.
 */

/** Something worth knowing that is no failure of any task. */
export interface Report {
  readonly code: 'SLOW_POLL' | 'LOST_WAKEUP' | 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED' | 'DEADLOCK';
  readonly message: string;
  /** The task's name, with its spawn site in development mode. */
  readonly task: string;
}

export type ReportHook = (report: Report) => void;

/** The default hook: a deadlock goes to standard error whole, everything else is a process warning. */
export function emitReport(report: Report): void {
  if (report.code === 'DEADLOCK') {
    process.stderr.write(`${report.message}\n`);
    return;
  }
  process.emitWarning(report.message, { type: 'PawlWarning', code: report.code });
}
