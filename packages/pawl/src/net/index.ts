/** TCP, UDP, TLS and Unix sockets: listeners, connections and sockets as futures. */
export type { SocketAddress } from '../driver/driver.ts';
export type { Backoff } from './accept.ts';
export { type Address, formatAddress } from './address.ts';
export type { MxRecord, SrvRecord } from './dns/record.ts';
export { type LookupAddress, type LookupOptions, Resolver, type ResolverMetrics } from './dns/resolver.ts';
export type { ResolverOptions } from './dns/options.ts';
export { type ListenOptions, TcpListener } from './listener.ts';
export type { KeepAlive, StreamOptions } from './options.ts';
export { type ConnectOptions, TcpStream } from './stream.ts';
export type { Datagram, Received, UdpBindOptions, UdpSettings } from '../driver/udp.ts';
export type { UdpOptions } from './udp/options.ts';
export type { SendMany } from './udp/send.ts';
export {
  type MembershipOptions,
  type UdpConnectOptions,
  type UdpMessage,
  type UdpMetrics,
  UdpSocket,
} from './udp/socket.ts';
export type { WriteAll } from './write.ts';
export type { Credentials, ReadDescriptors, UnixAddress, UnixReceived } from '../driver/unix.ts';
export type { UnixName } from './unix/address.ts';
export { UnixDatagram } from './unix/datagram.ts';
export { UnixListener, type UnixListenOptions } from './unix/listener.ts';
export { UnixStream } from './unix/stream.ts';
export * from './tls/index.ts';
