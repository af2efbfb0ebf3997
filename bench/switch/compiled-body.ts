/** The body of a task as an async function, for the compiler. */
import { coroutine, yieldNow } from 'pawl';

export const body = coroutine(async (times: number) => {
  for (let i = 0; i < times; i++) await yieldNow();
  return times;
});
