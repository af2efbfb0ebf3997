/**
 * The program that is run as green threads: it reads until there is nothing more, sleeps after each read, and gives the number of bytes. It is
 * written as blocking code is; that its calls suspend is none of its business.
 *
 *     let sum = 0;
 *     for (;;) { const n = read(0, 64); if (n === 0) return sum; sum += n; sleep(pause); }
 */
import * as w from './encoder.ts';
import { engine } from './engine.ts';

export const READ_AT = 0;
export const READ_LENGTH = 64;

const READ = 0;
const SLEEP = 1;
/** Locals: the parameter, then two of its own. */
const PAUSE = 0;
const SUM = 1;
const COUNT = 2;

export const program: object = new engine.Module(
  w.encode({
    imports: [
      { name: 'read', type: { takes: 2, gives: 1 } },
      { name: 'sleep', type: { takes: 1, gives: 0 } },
    ],
    type: { takes: 1, gives: 1 },
    locals: 2,
    body: [
      [w.block, w.EMPTY],
      [w.loop, w.EMPTY],
      [w.i32Const, READ_AT, w.i32Const, 0xc0, 0x00, w.call, READ, w.localTee, COUNT], // 64 in signed LEB128
      [w.i32Eqz, w.brIf, 1], // out of the block
      [w.localGet, SUM, w.localGet, COUNT, w.i32Add, w.localSet, SUM],
      [w.localGet, PAUSE, w.call, SLEEP],
      [w.br, 0], // once more
      [w.end, w.end],
      [w.localGet, SUM],
    ],
  }),
);
