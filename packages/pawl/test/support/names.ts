/** The native driver with names of a test's own: no resolver is asked. */
import type { Driver, NameLookup, NetDriver, SocketAddress } from '../../src/driver/driver.ts';
import { defaultDriver } from '../../src/driver/default.ts';
import { PawlError } from '../../src/error/index.ts';

/** Numeric addresses of each name, in the order to try, or a lookup of the test's own. An unknown name is ENOTFOUND. */
export function withNames(names: Readonly<Record<string, readonly string[] | NameLookup>>): Driver {
  const driver = defaultDriver();
  const resolve = (host: string): NameLookup => {
    const found = names[host];
    if (found === undefined && /^[\d.]+$|:/.test(host)) return driver.net.resolve(host);
    if (found !== undefined && 'poll' in found) return found;
    return {
      poll(): readonly SocketAddress[] {
        if (found === undefined) {
          throw new PawlError('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`, { syscall: 'getaddrinfo', address: host });
        }
        return found.map((address) => ({ host: address, port: 0, family: address.includes(':') ? 6 : 4 }));
      },
      forget: () => {},
    };
  };
  const net: NetDriver = {
    tcpListen: (address, options) => driver.net.tcpListen(address, options),
    tcpConnect: (address, options) => driver.net.tcpConnect(address, options),
    udpBind: (address, options) => driver.net.udpBind(address, options),
    resolve,
  };
  return new Proxy(driver, {
    get(target, key): unknown {
      if (key === 'net') return net;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
