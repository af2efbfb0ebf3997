/** Waits for a task that sleeps, says so, and once more after SIGUSR2. Told to be `slow`, its cleanup lasts until there was a dump. */
import { coroutine, sleep, spawn } from 'pawl';

const dump = { seen: false };
const { stderr } = process;
const write = stderr.write.bind(stderr);
stderr.write = (text: string) => {
  dump.seen ||= text.includes('live tasks');
  return write(text);
};

const sleeper = coroutine(function* sleeper(slow: boolean) {
  try {
    yield* sleep(600_000);
  } finally {
    if (slow) while (!dump.seen) yield* sleep(1);
    console.log('cleaned up');
  }
});

export default coroutine(function* waits(how = '') {
  const handle = spawn(sleeper(how === 'slow'));
  const say = (): void => console.log('ready');
  setImmediate(say);
  process.once('SIGUSR2', () => setImmediate(say));
  yield* handle;
});
