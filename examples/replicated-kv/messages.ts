/** What replicas and clients say to each other. */

/** What a client wants of a key. */
export type Command =
  | { readonly op: 'get'; readonly key: string }
  | { readonly op: 'set'; readonly key: string; readonly value: string }
  /** Sets it if it is `from`; null: if it is not there. */
  | { readonly op: 'swap'; readonly key: string; readonly from: string | null; readonly value: string };

/** The key's value after the command; `done` is false for a swap that has found another value. */
export interface Result {
  readonly done: boolean;
  readonly value: string | null;
}

/** A place in the log: the term of the leader that made it, and a command, or null for the first entry of a leader. */
export interface Entry {
  readonly term: number;
  readonly command: Command | null;
}

/** A candidate asks for a vote. */
export interface VoteRequest {
  readonly term: number;
  readonly candidate: string;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface VoteReply {
  readonly term: number;
  readonly granted: boolean;
}

/** A leader sends what follows `prevIndex` in its log; nothing, as a sign of life. */
export interface AppendRequest {
  readonly term: number;
  readonly leader: string;
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
}

export interface AppendReply {
  readonly term: number;
  readonly success: boolean;
  /** The last place that is as the leader's; without success, the last one that may be. */
  readonly match: number;
}
