/**
 * The first module of every thread that we start: prepares the thread, then hands it to its body.
 *
 * What must hold: nothing here imports the library. The descriptor table, which the starter will close what is left by, must be in place
 * when the library is loaded; and so must what the starter's own launcher has prepared (the names `pawl` and `pawl/…` under `pawl run`, the
 * compiler of coroutines).
 */
import { workerData } from 'node:worker_threads';
import type { Boot } from './worker.ts';

const { descriptors, body } = workerData as Boot;
const registry = globalThis as { [key: symbol]: unknown };
registry[Symbol.for('pawl.descriptors')] = descriptors;
const { preload } = workerData as Boot;
// A thread that this one starts is prepared as this one was.
registry[Symbol.for('pawl.preload')] = preload;
// oxlint-disable-next-line no-await-in-loop -- one prepares for the next
for (const url of [...preload, body]) await import(url);
