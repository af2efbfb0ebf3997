/** A server of node:https for tests, with a certificate made on the spot. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Certified } from './certificates.ts';
import { listening, type TestServer } from './http-servers.ts';

export async function secureServer({ cert, key }: Certified, listener: RequestListener): Promise<TestServer> {
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, listener);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return listening(server, 'https');
}
