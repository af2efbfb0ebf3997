/** Options and addresses of UDP sockets, held to what they must be before there is a socket. */
import { isIP } from 'node:net';
import type { SocketAddress } from '../../driver/driver.ts';
import type { UdpBindOptions, UdpSettings } from '../../driver/udp.ts';
import { PawlError } from '../../error/index.ts';
import { type Address, parseEndpoint } from '../address.ts';
import { checkWhole, MOST } from '../options.ts';

/** How a socket is bound, and what is set on it at once. */
export interface UdpOptions extends UdpBindOptions, UdpSettings {}

/** Throws BAD_ARGUMENT. */
export function checkUdpOptions({ receiveBuffer, sendBuffer, ...settings }: UdpOptions): void {
  if (receiveBuffer !== undefined) checkWhole('receiveBuffer', receiveBuffer, 1, MOST);
  if (sendBuffer !== undefined) checkWhole('sendBuffer', sendBuffer, 1, MOST);
  checkSettings(settings);
}

/** Throws BAD_ARGUMENT. */
export function checkSettings({ ttl, multicastTtl, multicastInterface }: UdpSettings): void {
  if (ttl !== undefined) checkWhole('ttl', ttl, 1, 255);
  if (multicastTtl !== undefined) checkWhole('multicastTtl', multicastTtl, 0, 255);
  if (multicastInterface !== undefined && typeof multicastInterface !== 'string') {
    throw new PawlError(
      'BAD_ARGUMENT',
      `multicastInterface is a name or an address, got ${String(multicastInterface)}`,
    );
  }
}

/** Where a datagram goes: a numeric address. Throws BAD_ADDRESS for a name, and BAD_PORT for port 0. */
export function parseReceiver(address: Address): SocketAddress {
  const known = asSocketAddress(address);
  if (known !== null) return known;
  const { host, port } = parseEndpoint(address);
  const family = isIP(host);
  if (family === 0) {
    throw new PawlError('BAD_ADDRESS', `a datagram is sent to a numeric address, '${host}' is a name: connect to it`, {
      address: host,
    });
  }
  if (port === 0) throw new PawlError('BAD_PORT', 'port 0 is no port to send to');
  return { host, port, family: family as 4 | 6 };
}

/** What a receive has given is used as it is: it need not be parsed for every datagram. */
function asSocketAddress(address: Address): SocketAddress | null {
  if (typeof address !== 'object' || address === null) return null;
  const { host, port, family } = address as Partial<SocketAddress>;
  if (family !== 4 && family !== 6) return null;
  if (typeof host !== 'string' || typeof port !== 'number' || port === 0) return null;
  return address as SocketAddress;
}
