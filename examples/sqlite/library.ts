/** SQLite's functions, as its documentation has them (sqlite.org/c3ref/funclist.html). */
import { library } from 'pawl/fiber';

export const sqlite = library(
  { name: 'libsqlite3.so.0', package: 'libsqlite3-0' },
  {
    sqlite3_open_v2: { arguments: ['string', 'pointer', 'int32', 'pointer'], returns: 'int32' },
    sqlite3_close_v2: { arguments: ['pointer'], returns: 'int32' },
    sqlite3_errmsg: { arguments: ['pointer'], returns: 'string' },
    sqlite3_prepare_v2: { arguments: ['pointer', 'string', 'int32', 'pointer', 'pointer'], returns: 'int32' },
    sqlite3_step: { arguments: ['pointer'], returns: 'int32' },
    sqlite3_finalize: { arguments: ['pointer'], returns: 'int32' },
    sqlite3_bind_null: { arguments: ['pointer', 'int32'], returns: 'int32' },
    sqlite3_bind_double: { arguments: ['pointer', 'int32', 'float64'], returns: 'int32' },
    sqlite3_bind_int64: { arguments: ['pointer', 'int32', 'int64'], returns: 'int32' },
    sqlite3_bind_text: { arguments: ['pointer', 'int32', 'string', 'int32', 'int64'], returns: 'int32' },
    sqlite3_column_count: { arguments: ['pointer'], returns: 'int32' },
    sqlite3_column_value: { arguments: ['pointer', 'int32'], returns: 'pointer' },
    sqlite3_value_type: { arguments: ['pointer'], returns: 'int32' },
    sqlite3_value_int64: { arguments: ['pointer'], returns: 'int64' },
    sqlite3_value_double: { arguments: ['pointer'], returns: 'float64' },
    sqlite3_value_text: { arguments: ['pointer'], returns: 'string' },
    sqlite3_result_null: { arguments: ['pointer'], returns: 'void' },
    sqlite3_result_double: { arguments: ['pointer', 'float64'], returns: 'void' },
    sqlite3_result_int64: { arguments: ['pointer', 'int64'], returns: 'void' },
    sqlite3_result_text: { arguments: ['pointer', 'string', 'int32', 'int64'], returns: 'void' },
    sqlite3_progress_handler: { arguments: ['pointer', 'int32', 'pointer', 'pointer'], returns: 'void' },
    sqlite3_busy_handler: { arguments: ['pointer', 'pointer', 'pointer'], returns: 'int32' },
    sqlite3_create_function_v2: {
      arguments: ['pointer', 'string', 'int32', 'int32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
      returns: 'int32',
    },
  },
);

export const OK = 0;
export const ROW = 100;
export const DONE = 101;
export const OPEN_READWRITE = 2;
export const OPEN_CREATE = 4;
export const UTF8 = 1;
/** For texts that SQLite is to copy before it returns: SQLITE_TRANSIENT. */
export const TRANSIENT = -1n;
/** Types of values. */
export const INTEGER = 1;
export const FLOAT = 2;
export const NULL = 5;
