/**
 * What a server is asked and what it must answer: the status 200, these fields with a Date of now, this body and nothing else.
 *
 * What must hold: a contender is timed only after it has answered so; the load generator goes on checking status, length and body.
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';

export interface Question {
  readonly target: string;
  /** The media type; parameters may follow it. */
  readonly type: string;
  readonly body: string;
}

export const HELLO: Question = { target: '/', type: 'text/plain', body: 'Hello, World!' };
export const USER: Question = { target: '/user/42', type: 'application/json', body: '{"id":"42","name":"Ada"}' };

const PATIENCE_MS = 5000;
/** A server may renew its Date once a second, and the clocks of the two need not tick together. */
const DATE_TOLERANCE_MS = 5000;

/** Throws an error that says what is wrong with the answer. Asks twice over one connection, which must still be open then. */
export async function check(port: number, question: Question): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await ask(port, agent, question);
    const second = await ask(port, agent, question);
    if (first !== second) throw new Error('did not keep the connection alive');
  } finally {
    agent.destroy();
  }
}

/** Asks once and returns the client's port, by which a connection is told from another. */
async function ask(port: number, agent: Agent, { target, type, body }: Question): Promise<number | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const request = get({ host: '127.0.0.1', port, path: target, agent, signal });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { localPort } = response.socket;
  const content = await text(response);
  const fields = response.headers;
  expect('status', response.statusCode, 200);
  expect('content-type', fields['content-type']?.split(';')[0], type);
  expect('content-length', fields['content-length'], String(body.length));
  expect('body', content, body);
  const date = Date.parse(fields.date ?? '');
  if (!(Math.abs(date - Date.now()) < DATE_TOLERANCE_MS)) throw new Error(`answered the date ${fields.date}`);
  return localPort;
}

function expect(what: string, answered: unknown, expected: unknown): void {
  if (answered !== expected) {
    throw new Error(`answered the ${what} ${JSON.stringify(answered)} instead of ${JSON.stringify(expected)}`);
  }
}
