/** Fibers: each task has a stack and blocks as a thread does, and the program takes turns between them. */
import { join, run, sleep } from 'pawl';
import { call, callback, functionAt, type Pointer } from 'pawl/fiber';
import { loadStraightLine, type Step } from './straight-line.ts';
import { CHAIN, CHAINED, CONCURRENT, LAST, LONG, SHORT, START } from './words.ts';

const WORDS = [CHAIN, CHAINED, LAST];
const WAIT = 0;
const SAY = 1;

// #region calls
/** What the tasks call. To them both are functions that return when they are done. */
using wait = callback({ arguments: ['int32'], returns: 'void', failure: undefined }, (ms) => sleep(ms));
using say = callback({ arguments: ['int32'], returns: 'void', failure: undefined }, (n) => console.log(WORDS[n]));
// #endregion

// #region program
const task = (...steps: readonly Step[]) => {
  const code = loadStraightLine(steps) as Pointer;
  return call(functionAt(code, { arguments: ['pointer', 'pointer'], returns: 'void' }), wait, say);
};
const long = task([WAIT, LONG], [SAY, 2]);
const short = task([WAIT, SHORT], [SAY, 0], [WAIT, SHORT], [SAY, 1]);

console.log(START);
const both = run(join([long, short]));
console.log(CONCURRENT);
await both;
// #endregion
