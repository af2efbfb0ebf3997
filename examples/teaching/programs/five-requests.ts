// Five requests at once: a coroutine that is called does nothing yet, so all five can be made before one is waited for.
import { join, type Future } from 'pawl';
import { get } from '../get.ts';

coroutine function request(i: number): string {
  const text = get(`/${(4 - i) * 60}/HelloWait${i}`).wait;
  console.log(text);
  return text;
}

export default coroutine function main() {
  console.log('Program starting');
  const requests: Future<string>[] = [];
  for (let i = 0; i < 5; i++) requests.push(request(i));
  const texts: readonly string[] = join(requests).wait;
  console.log(`FINISHED: ${texts.join(' ')}`);
}
