/** The same with a pinned buffer: it belongs to the operation until that has completed, cancelled or not. */
import { arena, type Piece } from '../../packages/pawl/src/sys/arena.ts';
import { BlockingPair, fill, startRead, textOf } from './in-flight.ts';

// #region pinned
/**
 * A read that owns its buffer. What must hold: the memory goes back to the arena when the kernel has let go of it, and not before.
 */
class PinnedRead {
  readonly #buffer: Piece = arena.take(64);
  readonly #completed: Promise<number>;
  #wanted = true;

  constructor(fd: number) {
    const { address, bytes } = this.#buffer;
    this.#completed = startRead({ fd, address, length: bytes.length }).finally(() => {
      if (!this.#wanted) arena.release(this.#buffer);
    });
  }

  /** The bytes, copied out: no view of the pinned memory leaves. */
  async bytes(): Promise<Uint8Array> {
    const count = await this.#completed;
    const copy = this.#buffer.bytes.slice(0, count);
    arena.release(this.#buffer);
    return copy;
  }

  /** Nobody wants the bytes any more. Settles when the kernel does not want the memory any more either. */
  async cancel(): Promise<void> {
    this.#wanted = false;
    await this.#completed;
  }

  get address(): number {
    return this.#buffer.address;
  }
}
// #endregion

using pair = new BlockingPair();
const read = new PinnedRead(pair.near);
const cancelled = read.cancel();
console.log('a read is in flight, and is cancelled');

const letter = arena.take(64);
fill(letter.bytes, 'Dear Sir or Madam');
console.log(
  `somebody else asks for memory, gets other memory (${letter.address !== read.address}), and writes "${textOf(letter.bytes)}"`,
);

pair.send('GET /secrets HTTP/1.1');
await cancelled;
console.log(`the bytes come; it still says "${textOf(letter.bytes)}"`);
console.log(`the buffer goes back to the arena, for the next one: ${arena.take(64).address === read.address}`);

pair.send('GET /tea HTTP/1.1');
console.log(`and a read that is wanted: "${textOf(await new PinnedRead(pair.near).bytes())}"`);
