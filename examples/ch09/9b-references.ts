/** A coroutine that holds a buffer, and a writer that points into that buffer. */
import { coroutine, run, sleep } from 'pawl';
import { paced } from '../ladder/pace.ts';

// #region writer
/** Writes behind what it has written before, into memory that is somebody else's. */
class Writer {
  readonly #target: Uint8Array;
  #position = 0;

  constructor(target: Uint8Array) {
    this.#target = target;
  }

  write(text: string): void {
    this.#position += new TextEncoder().encodeInto(text, this.#target.subarray(this.#position)).written;
  }
}

const program = coroutine(function* () {
  const buffer = new Uint8Array(32);
  const writer = new Writer(buffer); // one local variable points into another
  for (const text of ['BUFFER:', ' written', ' in', ' pieces']) {
    writer.write(text);
    yield* sleep(paced(100)); // here both lie in the suspended frame
    console.log(`after a wait the buffer holds "${new TextDecoder().decode(buffer).replaceAll('\0', '')}"`);
  }
});
// #endregion

await run(program());
