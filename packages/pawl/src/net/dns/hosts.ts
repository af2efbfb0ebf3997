/**
 * Hosts: the names that a machine's own file gives addresses (hosts(5)).
 *
 * What must hold: a line that is none is passed over, as everybody else does. Names are the same whatever their case is. The addresses of a
 * name are in the order of the lines.
 */
import { isIP } from 'node:net';
import { formatIp, parseIp } from './ip.ts';
import { foldCase } from './name.ts';

export interface Hosts {
  /** Addresses by name. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Names by address, the first of each line only. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

export const NO_HOSTS: Hosts = { addresses: new Map(), names: new Map() };

export function parseHosts(text: string): Hosts {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...all] = line.split('#', 1)[0]!.trim().split(/\s+/);
    if (isIP(address) === 0 || all.length === 0) continue;
    for (const name of all) push(addresses, foldCase(name.replace(/\.$/, '')), address);
    push(names, formatIp(parseIp(address)), all[0]!);
  }
  return { addresses, names };
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else if (!values.includes(value)) values.push(value);
}
