/** Three kinds of pins: memory that stays for good, for the time of one call, or as a part of what stays. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadFunction } from '../ch01/load.ts';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { openLibrary } from '../../packages/pawl/src/sys/ffi/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const load = loadFunction();

/** Makes the heap move what it may move. */
function churn(): void {
  for (let i = 0; i < 100; i++) Array.from({ length: 1000 }, (_, j) => ({ i, j }));
  collect();
}

// #region heap
/** Like a box on the heap: mapped once, never moved, never collected. Its address is a number that may be kept. */
const piece = arena.take(64);
new BigUint64Array(piece.bytes.buffer, piece.bytes.byteOffset, 1)[0] = 42n;
churn();
console.log(`for good: after a collection its address still reads ${load(piece.address)}`);
// #endregion

// #region stack
/** Like a pin on the stack: the buffer is held for the time of this call, and its address is nobody's to keep. */
const { getrandom } = openLibrary(null, { getrandom: { return: 'int64', arguments: ['buffer', 'uint64', 'uint32'] } });
const random = new Uint8Array(32);
const count = getrandom(random, BigInt(random.length), 0);
console.log(
  `for one call: the C library has written ${count} bytes, ${random.some((byte) => byte !== 0) ? 'not all of them zero' : 'all zero'}`,
);
// #endregion

// #region projection
/** A projection: a part of what is pinned is pinned, and its address is the whole's and an offset. */
const part = piece.bytes.subarray(8, 16);
const partAddress = piece.address + (part.byteOffset - piece.bytes.byteOffset);
part[0] = 7;
churn();
console.log(`a part: written through the view it is ${part[0]}, read at its address it is ${load(partAddress)}`);
// #endregion
