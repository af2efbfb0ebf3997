/** SQLite's values as JavaScript's: null, numbers (bigints where a number would not be exact), texts. */
import { callNow, type Pointer } from 'pawl/fiber';
import { FLOAT, INTEGER, NULL, sqlite, TRANSIENT } from './library.ts';

export type Value = null | number | bigint | string;

export function read(value: Pointer | null): Value {
  switch (callNow(sqlite.sqlite3_value_type, value)) {
    case NULL:
      return null;
    case INTEGER: {
      const integer = callNow(sqlite.sqlite3_value_int64, value);
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    }
    case FLOAT:
      return callNow(sqlite.sqlite3_value_double, value);
    default:
      return callNow(sqlite.sqlite3_value_text, value);
  }
}

/** Binds a value to the nth parameter of a statement: SQLite's result code. */
export function bind(statement: Pointer, at: number, value: Value): number {
  if (value === null) return callNow(sqlite.sqlite3_bind_null, statement, at);
  if (typeof value === 'string') return callNow(sqlite.sqlite3_bind_text, statement, at, value, -1, TRANSIENT);
  if (typeof value === 'bigint' || Number.isSafeInteger(value))
    return callNow(sqlite.sqlite3_bind_int64, statement, at, BigInt(value));
  return callNow(sqlite.sqlite3_bind_double, statement, at, value);
}

/** Makes a value the result of an SQL function. */
export function answer(context: Pointer | null, value: Value): void {
  if (value === null) callNow(sqlite.sqlite3_result_null, context);
  else if (typeof value === 'string') callNow(sqlite.sqlite3_result_text, context, value, -1, TRANSIENT);
  else if (typeof value === 'bigint' || Number.isSafeInteger(value))
    callNow(sqlite.sqlite3_result_int64, context, BigInt(value));
  else callNow(sqlite.sqlite3_result_double, context, value);
}
