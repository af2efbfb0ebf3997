/**
 * A descriptor that Node has opened becomes one of ours.
 *
 * What must hold: Node forgets it. On a worker thread it remembers what it has opened and closes that at the thread's end, by number: of one that we
 * have closed it would close whatever has got its number since, perhaps another thread's.
 */
import { closeSync } from 'node:fs';
import { duplicate } from '../../../sys/pipe.ts';

/** Another number for the same open file; the given one is closed. */
export function takeOver(fd: number): number {
  try {
    return duplicate(fd);
  } finally {
    closeSync(fd);
  }
}
