/** Where a suspended coroutine stands. */
export interface Place {
  /** As `file:line:column`. */
  readonly line: string;
  /** Its function's name, if it has one. */
  readonly name: string | undefined;
}
