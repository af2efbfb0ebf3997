/** Has no integer result, but sets the exit code. */
import { coroutine, yieldNow } from 'pawl';

export default coroutine(function* exitCode() {
  yield* yieldNow();
  process.exitCode = 9;
});
