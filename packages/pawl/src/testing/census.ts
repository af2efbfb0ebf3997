/**
 * Census: what is open in a driver's world at one moment, to be compared with another.
 *
 * What must hold: things are known by identity, so that what was there before is never taken for something left behind. Nothing is polled.
 */
import type { Driver, TimerEntry } from '../driver/driver.ts';
import { waitInfo, type Waiting } from '../future/wait-info.ts';
import { dumpText, duration } from '../task/dump.ts';
import { openEnds } from '../task/metrics.ts';
import { Runtime } from '../task/runtime.ts';
import type { TaskSnapshot } from '../task/snapshot.ts';

/** Each thing that is open; tasks by their runtime and number. Asked for its line when it is to be named. */
export type Census = ReadonlyMap<unknown, () => string>;

export function census(driver: Driver): Census {
  const found = new Map<unknown, () => string>();
  for (const client of driver.attached) {
    if (!(client instanceof Runtime)) continue;
    for (const number of client.taskNumbers) found.set(keyOf(client, number), () => taskLines(client, number));
  }
  for (const { object, what } of driver.opened?.() ?? []) {
    found.set(object, () => (what === 'timer' ? `- ${timerLine(object as TimerEntry, driver.now())}` : `- ${what}`));
  }
  // They belong to the thread. In a simulated world there are none.
  if (driver.kind === 'native' || driver.beneath !== undefined)
    for (const end of openEnds) found.set(end, () => `- end of ${end.title}`);
  return found;
}

/** What is open now and was not then, by its lines. */
export function opened(before: Census, after: Census): (() => string)[] {
  return [...after].filter(([key]) => !before.has(key)).map(([, line]) => line);
}

const keys = new WeakMap<Runtime, Map<number, object>>();

/** One object for each task of a runtime: its number alone is not its own. */
function keyOf(runtime: Runtime, id: number): object {
  let known = keys.get(runtime);
  if (known === undefined) keys.set(runtime, (known = new Map()));
  let key = known.get(id);
  if (key === undefined) known.set(id, (key = {}));
  return key;
}

function taskLines(runtime: Runtime, number: number): string {
  const task = flat(runtime.snapshot()).find(({ id }) => id === number);
  return task === undefined ? `- #${number}` : dumpText([{ ...task, children: [] }]);
}

function flat(tasks: readonly TaskSnapshot[]): TaskSnapshot[] {
  return tasks.flatMap((task) => [task, ...flat(task.children)]);
}

function timerLine(entry: TimerEntry, now: number): string {
  const due = `due in ${duration(Math.max(entry.timerTick - now, 0))}`;
  const told = entry as unknown as Partial<Waiting>;
  const what = told[waitInfo]?.().what ?? entry.constructor.name;
  return `timer: ${what}, ${due}`;
}
