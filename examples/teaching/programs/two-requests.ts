// Two requests, one after the other: what the first has given outlives the second wait, so it becomes a field.
import { get } from '../get.ts';

export default coroutine function main() {
  console.log('Program starting');
  const first = get('/60/HelloCoroutine').wait;
  console.log(first);
  const second = get('/40/HelloWait').wait;
  console.log(`${second}, after ${first}`);
}
