/** How `console.log` shows the light classes: by what the standard says they have, as it shows the platform's. */
import { formatWithOptions, inspect, type InspectOptions } from 'node:util';

/** Instances of the class are shown under its name, with what `view` picks of them. */
export function showsAs<T>(prototype: T & object, name: string, view: (value: T) => object): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: T, depth: number, options: InspectOptions): string {
      return `${name} ${formatWithOptions({ ...options, depth }, '%O', view(this))}`;
    },
    writable: true,
    configurable: true,
  });
}
