/**
 * Preloaded by `npm run test:gc`: collects garbage all the time, so that memory which the kernel, C or the engine's compiler still use, but
 * which nothing of JavaScript's refers to, is gone when it is needed.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Often enough to fall between a wait and its event, seldom enough that the suite ends. */
const EVERY_MS = 3;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'major' | 'minor' }) => void;
let turn = 0;
setInterval(() => collect({ type: ++turn % 4 === 0 ? 'major' : 'minor' }), EVERY_MS).unref();
