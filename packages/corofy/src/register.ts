/**
 * `node --import corofy/register program.ts`: compiles each module as Node loads it. With `COROFY_STRICT=1` in the environment warnings are
 * errors; with `COROFY_GENERATORS=1` generator coroutines are compiled as well.
 */
import { register } from './hook.ts';

register({
  strict: process.env['COROFY_STRICT'] === '1',
  generators: process.env['COROFY_GENERATORS'] === '1',
});
