/** Awaits a future that nobody wakes. */
import { coroutine, Future, PENDING, type Pending } from 'pawl';

class Never extends Future<void> {
  override poll(): Pending {
    return PENDING;
  }
}

export default coroutine(function* stuck() {
  yield* new Never();
});
