/** Who is to be told when a future can go on. */

// #region waker
/** A poll is given one. A future that says NOT_READY has handed it to whoever will know when to ask again. */
export interface Waker {
  wake(): void;
}
// #endregion
