/** Reading a value through a raw pointer with one instruction, and what the processor does about an address that is not ours. */
import { spawnSync } from 'node:child_process';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { loadFunction } from './load.ts';

const NOBODYS = 0x5eed; // in the lowest pages, which no process has

if (process.argv[2] === 'fault') {
  loadFunction()(NOBODYS);
  throw new Error('the processor has let it through');
}

// #region read
const memory = arena.take(8);
new BigUint64Array(memory.bytes.buffer, memory.bytes.byteOffset, 1)[0] = 100n;
const load = loadFunction();
console.log(`a value lies at address 0x${memory.address.toString(16)}`);
console.log(`the instruction reads it: ${load(memory.address)}`);
// #endregion

// #region fault
console.log('\na child process reads at an address that is nobody’s:');
const { signal, status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, 'fault']);
console.log(
  `  ${signal === null ? `it ended with ${status}` : `the processor raised a fault, and the kernel ended it with ${signal}`}`,
);
console.log('this process lives on');
// #endregion
