/** Callbacks: what comes next is a function that is handed over. */
import { CHAIN, CHAINED, CONCURRENT, LAST, LONG, SHORT, START } from './words.ts';

// #region program
console.log(START);
setTimeout(() => console.log(LAST), LONG);
setTimeout(() => {
  console.log(CHAIN);
  setTimeout(() => {
    console.log(CHAINED); // the further down, the further in
  }, SHORT);
}, SHORT);
console.log(CONCURRENT);
// #endregion
