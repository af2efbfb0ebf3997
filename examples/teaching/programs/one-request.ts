// One request: the machine has a state before the answer, and one after it.
import { get } from '../get.ts';

export default coroutine function main() {
  console.log('Program starting');
  const text = get('/60/HelloCoroutine').wait;
  console.log(text);
}
