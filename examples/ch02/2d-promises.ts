/** Promises: what comes next is attached to a value that will be there. */
import { setTimeout as timer } from 'node:timers/promises';
import { CHAIN, CHAINED, CONCURRENT, LAST, LONG, SHORT, START } from './words.ts';

// #region program
console.log(START);
const long = timer(LONG).then(() => console.log(LAST));
const short = timer(SHORT)
  .then(() => console.log(CHAIN))
  .then(() => timer(SHORT))
  .then(() => console.log(CHAINED));
console.log(CONCURRENT);
await Promise.all([long, short]);
// #endregion
