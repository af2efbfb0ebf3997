/** What lies on the hand-made stack: 48 bytes, six words from the highest address, where it begins, to the lowest. */
import { HandmadeStack } from 'pawl/fiber';

const hex = (value: number | bigint): string => `0x${value.toString(16).padStart(12, '0')}`;

// #region dump
const stack = new HandmadeStack('hello\n');
console.log('address         value           what it is');
for (const { address, value, meaning } of stack.dump()) {
  console.log(`${hex(address)}  ${hex(value)}  ${meaning || 'nothing yet: below the stack pointer'}`);
}
// #endregion
