// Spawned tasks run on while their parent does something else. It does not end before they do.
import { spawn } from 'pawl';
import { get } from '../get.ts';

coroutine function request(i: number) {
  const path = `/${(4 - i) * 60}/HelloWait${i}`;
  const text = get(path).wait;
  console.log(`#${i}: ${text}`);
}

export default coroutine function main() {
  console.log('Program starting');
  for (let i = 0; i < 5; i++) spawn(request(i));
  console.log('all are spawned, and none has run');
}
