/** Waking up on a new stack: the stack pointer is a register like others, and can be set. */
import { HandmadeStack } from 'pawl/fiber';

// #region swap
const stack = new HandmadeStack('I love waking up on a new stack\n');
console.log('on the stack of the thread');
stack.wake();
console.log('on the stack of the thread again');
// #endregion
