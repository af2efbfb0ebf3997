/**
 * A row of a suite's table: one measure, Pawl beside one peer.
 *
 * What must hold: every suite prints rows of this one shape, so that a script which reads one suite's `--json` reads them all. `bound` is
 * always the greatest `ratio` allowed; an absolute limit is a row whose peer is the limit itself and whose bound is 1.
 */
import { median, pairedRatio } from './stats.ts';

export interface Row {
  readonly suite: string;
  readonly measure: string;
  /** What `ours` and `theirs` count. */
  readonly unit: string;
  readonly ours: number;
  readonly peer: string;
  readonly theirs: number;
  /** `ours / theirs`, taken round by round where there are rounds: it may differ a little from the quotient of the two columns. */
  readonly ratio: number;
  /** The greatest ratio allowed, null for a row that only informs. */
  readonly bound: number | null;
  readonly holds: boolean | null;
}

export interface RowIdentity {
  readonly suite: string;
  readonly measure: string;
  readonly unit: string;
  readonly peer: string;
  readonly bound?: number;
}

/** A row from figures taken in the same rounds, one for each round. */
export function pairedRow(identity: RowIdentity, ours: readonly number[], theirs: readonly number[]): Row {
  return finish(identity, median(ours), median(theirs), pairedRatio(ours, theirs));
}

/**
 * A row of which one side could not be measured: its figure and the ratio are NaN (null in JSON). Where the peer is missing a bound says
 * nothing; where we are, it is missed.
 */
export function partialRow(identity: RowIdentity, ours: readonly number[], theirs: readonly number[]): Row {
  const figure = (values: readonly number[]): number => (values.length === 0 ? NaN : median(values));
  const row = finish(identity, figure(ours), figure(theirs), NaN);
  return { ...row, holds: row.bound !== null && ours.length === 0 ? false : null };
}

/** A row that compares figures with a fixed limit. */
export function limitRow(identity: Omit<RowIdentity, 'peer' | 'bound'>, ours: readonly number[], limit: number): Row {
  const figure = median(ours);
  return finish({ ...identity, peer: 'limit', bound: 1 }, figure, limit, figure / limit);
}

function finish(identity: RowIdentity, ours: number, theirs: number, ratio: number): Row {
  const { suite, measure, unit, peer } = identity;
  const bound = identity.bound ?? null;
  return { suite, measure, unit, ours, peer, theirs, ratio, bound, holds: bound === null ? null : ratio <= bound };
}

/** "holds", "MISSED by 12 %", "not measured", or nothing for a row without a bound. */
export function verdict(row: Row): string {
  if (Number.isNaN(row.ratio)) return row.holds === false ? 'MISSED: not measured' : 'not measured';
  if (row.bound === null || row.holds === null) return '';
  if (row.holds) return 'holds';
  return `MISSED by ${percent(row.ratio / row.bound - 1)}`;
}

/** One line of `--json`: the keys in this order, figures cut to what they are worth. */
export function jsonLine(row: Row): string {
  const { suite, measure, unit, peer, bound, holds } = row;
  const [ours, theirs, ratio] = [row.ours, row.theirs, row.ratio].map((figure) => Number(figure.toPrecision(5)));
  return JSON.stringify({ suite, measure, unit, ours, peer, theirs, ratio, bound, holds });
}

function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}
