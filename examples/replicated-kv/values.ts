/** Values: what the committed commands have come to. The same commands in the same order give the same values and results. */
import type { Command, Result } from './messages.ts';

export class Values {
  private readonly values = new Map<string, string>();

  get(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  carryOut(command: Command): Result {
    const { op, key } = command;
    const done = op !== 'swap' || this.get(key) === command.from;
    if (op !== 'get' && done) this.values.set(key, command.value);
    return { done, value: this.get(key) };
  }
}
