/** The clients that Node brings along: `agent`, node:http with an Agent that keeps connections alive, or `fetch`. Then the server's port. */
import { Agent, get } from 'node:http';
import { CONCURRENT, takeTurnsWith } from './client.ts';

const [way, port] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}/`;
const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT });

await takeTurnsWith(way === 'fetch' ? byFetch : byAgent);

async function byFetch(): Promise<readonly [number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}

/** By events: the fastest way it has. */
function byAgent(): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve([response.statusCode!, body]));
      response.on('error', reject);
    }).on('error', reject);
  });
}
