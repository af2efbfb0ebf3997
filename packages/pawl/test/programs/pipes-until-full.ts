/** Opens pipes until no descriptor is left, and says whether the failures have cost any. */
import { coroutine, type PawlError, run } from 'pawl';
import { pipe, type PipeReader, type PipeWriter } from 'pawl/process';

await run(function* () {
  const ends: (PipeReader | PipeWriter)[] = [];
  const fill = coroutine(function* () {
    for (;;) {
      try {
        ends.push(...(yield* pipe()));
      } catch (error) {
        return (error as PawlError).code;
      }
    }
  });
  const codes = [yield* fill()];
  const full = ends.length;
  // Whether one or two were left over: room for one pipe is room for one pipe again.
  for (let again = 0; again < 3; again++) {
    ends.pop()!.close();
    ends.pop()!.close();
    codes.push(yield* fill());
  }
  const same = ends.length === full;
  for (const end of ends) end.close();
  console.log(...new Set(codes), same);
});
