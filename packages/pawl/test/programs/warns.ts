/** Uses the runtime, and has a warning of its own, of the class that the runtime's FFI warning is of. */
import { coroutine, sleep } from 'pawl';

export default coroutine(function* warns() {
  yield* sleep(1);
  process.emitWarning('something else is experimental', 'ExperimentalWarning');
});
