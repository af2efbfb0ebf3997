/**
 * Transport: what bytes go over, at the level of polls. A TCP connection's handle is one, and so is a TLS session over it, so that a protocol
 * runs over either without knowing which.
 *
 * What must hold: everything that the driver's contract says of these methods.
 */
import type { TcpStreamHandle } from '../driver/driver.ts';

export type Transport = Pick<
  TcpStreamHandle,
  | 'local'
  | 'peer'
  | 'pollRead'
  | 'pollWrite'
  | 'pollWriteVectored'
  | 'pollHangup'
  | 'unrefRead'
  | 'forget'
  | 'shutdown'
  | 'abort'
  | 'close'
  | 'closed'
>;

/** One whose ends have no addresses of the internet. */
export type ByteTransport = Omit<Transport, 'local' | 'peer'>;
