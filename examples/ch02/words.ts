/**
 * The small program of this chapter, in words: what each way of writing it must print, in this order.
 *
 * It starts three things. Two of them are quick and are chained, one takes long.
 */
import { paced } from '../ladder/pace.ts';

export const START = 'The program starts here';
export const CONCURRENT = 'The tasks run concurrently';
export const CHAIN = 'We can chain…';
export const CHAINED = '…like this';
export const LAST = 'The long running task finishes last';

export const SHORT: number = paced(200);
export const LONG: number = paced(1000);
