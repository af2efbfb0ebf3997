/** TLS over the connections of `pawl/net`. */
export type { Pem, TlsCredentials, TlsVersion } from '../../driver/tls.ts';
export { TlsListener, type TlsListenOptions } from './listener.ts';
export type { TlsClientOptions, TlsOptions } from './options.ts';
export { type TlsConnectOptions, type TlsOverOptions, TlsStream } from './stream.ts';
