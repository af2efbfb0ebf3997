/** Callbacks: each puts itself into a queue again until it has done its part. */
import { type Figures, heap, Stopwatch } from './population.ts';

export default function callback(count: number, rounds: number): Promise<Figures> {
  let queue: (() => void)[] = [];
  let ended = 0;
  const begin = (times: number): void => {
    let left = times;
    const step = (): void => {
      if (left-- > 0) queue.push(step);
      else ended++;
    };
    step();
  };
  const round = (): void => {
    const batch = queue;
    queue = [];
    for (const step of batch) step();
  };
  const before = heap();
  const watch = new Stopwatch();
  for (let i = 0; i < count; i++) begin(rounds + 1);
  const start = watch.lap();
  const bytes = heap() - before;
  watch.reset();
  for (let i = 0; i < rounds; i++) round();
  const switching = watch.lap();
  round();
  const finish = watch.lap();
  if (ended !== count) throw new Error(`${ended} callbacks have ended`);
  return Promise.resolve({
    start: start / count,
    switch: switching / (count * rounds),
    finish: finish / count,
    bytes: bytes / count,
  });
}
