/** A name that nobody has: the driver's randomness, so that a simulated world repeats it. */
import { driverOf } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { Future } from '../future/future.ts';

/** Twelve digits and letters. */
export class RandomName extends Future<string> {
  override poll(cx: Context): string {
    const driver = driverOf(cx);
    let name = '';
    while (name.length < 12) name += Math.floor(driver.random() * 36).toString(36);
    return name;
  }
}
