/** Compiled coroutines. */
import { register } from 'corofy';
import { tasks } from './task.ts';
import type { Kind } from './population.ts';

register({ cache: null });
const { body } = await import('./compiled-body.ts');
const compiled: Kind = tasks(body);
export default compiled;
