/** TCP and TLS: listeners and connections as futures. */
export type { SocketAddress } from '../driver/driver.ts';
export type { Backoff } from './accept.ts';
export { type Address, formatAddress } from './address.ts';
export { type ListenOptions, TcpListener } from './listener.ts';
export type { KeepAlive, StreamOptions } from './options.ts';
export { type ConnectOptions, TcpStream } from './stream.ts';
export type { WriteAll } from './write.ts';
export * from './tls/index.ts';
