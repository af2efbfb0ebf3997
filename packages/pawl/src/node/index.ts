/** Bridges to what only Node has: events of emitters, and its own streams. Promises and AbortSignals are in `pawl`, web streams in `pawl/stream`. */
export { on, once, type Emitter, type Emitting, type EventsOptions } from './events.ts';
export { fromReadable, toReadable, writeTo } from './readable.ts';
