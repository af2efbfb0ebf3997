/** A timer entry that calls a function: for the few places that are not futures themselves. */
import type { TimerEntry } from '../driver/driver.ts';

export class CallbackTimer implements TimerEntry {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  private readonly call: () => void;

  constructor(call: () => void) {
    this.call = call;
  }

  onTimer(): void {
    this.call();
  }
}
