/** undici's `request`, its fastest call that reads a body, with as many connections as there are requests. Its argument is the port. */
import { Agent, request } from 'undici';
import { CONCURRENT, takeTurnsWith } from '../client.ts';

const url = `http://127.0.0.1:${process.argv[2]}/`;
const dispatcher = new Agent({ connections: CONCURRENT });

await takeTurnsWith(async () => {
  const { statusCode, body } = await request(url, { dispatcher });
  return [statusCode, await body.text()];
});
