/** Metrics: what a runtime has done and has to do, in numbers. */

/** Counted since the runtime was made, unless said otherwise. Reading them costs a few additions; keeping them costs nothing measurable. */
export interface RuntimeMetrics {
  readonly tasks: {
    /** Not ended now. */
    readonly live: number;
    readonly spawned: number;
    readonly ended: number;
  };
  /** Polls of tasks by the executor. */
  readonly polls: number;
  /** Wake-ups that queued a task; one that found it queued already is not counted. */
  readonly wakes: number;
  /** Tasks that are queued now. */
  readonly ready: number;
  /** Times that the driver gave the runtime its turn. */
  readonly turns: number;
  /** Timers that are set now, of all runtimes of the driver. */
  readonly timers: number;
  /** Tasks' wakers stored for I/O now, of all runtimes of the driver. */
  readonly ioWaiters: number;
  /**
   * Descriptors that the event queue watches now: sockets, pipes, FIFOs, watches of files, child processes, descriptors of anyone's; of all
   * runtimes of the driver.
   */
  readonly descriptors: number;
  /** Files, directories and mappings that are open now, of all runtimes of the driver. */
  readonly openFiles: number;
  /** Listeners for signals that are open now, of all runtimes of the driver. */
  readonly signalListeners: number;
  /** Operations on files that are under way now, of all runtimes of the driver. */
  readonly fileOperations: number;
  /** Child processes that have not ended, of all runtimes of the driver. */
  readonly childProcesses: number;
  /** What this thread has to do with others now, whichever runtime uses it. */
  readonly threads: Readonly<ThreadCounts>;
}

/** Counted by `pawl/threads`. */
export interface ThreadCounts {
  /** Threads that this one has started and that have not ended, those of pools among them. */
  live: number;
  /** Tasks on them that are awaited here. */
  tasks: number;
  /** Calls of blocking work that wait or run. */
  calls: number;
  /** Ends of channels between threads that are open here. */
  ends: number;
}

/** Ends of channels between threads that are open on this thread, for dumps and those who look for what was left behind. */
export const openEnds: Set<{ readonly title: string }> = new Set();

/** This thread's. */
export const threadCounts: ThreadCounts = { live: 0, tasks: 0, calls: 0, ends: 0 };
