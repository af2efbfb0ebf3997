/**
 * Server: a replica over HTTP. Others of its group speak to it at `/raft/…`, clients at `/kv/KEY`: GET gives the value, POST sets it to the
 * request's content, and with `?from=VALUE` (or `?absent`) only if it is that now. The answer is a {@link Result}.
 *
 * What must hold: 200 is an outcome; after 503 nothing was done; after anything else, or no answer, that is not known. Whoever does not lead
 * sends clients to the leader (307). It is no PUT, which a client may send twice: another's in between would be undone by the second.
 */
import { coroutine, type Future, PawlError, timeout } from 'pawl';
import { type AnswerParts, Client, HttpError, serve, type ServerRequest } from 'pawl/http';
import type { AppendRequest, Command, Result, VoteRequest } from './messages.ts';
import { type Call, NotLeader, OutcomeUnknown, type Replica } from './replica.ts';

/** What a replica waits for an answer of another, and a client for that of the group, in ms. */
const CALL = 150;
const CLIENT = 2000;

/** Calls over HTTP: an answer that does not come, or is none, is null. */
export function caller(client: Client): Call {
  return coroutine(function* (peer: string, what: string, message: unknown) {
    try {
      const response = yield* client.request(`http://${peer}/raft/${what}`, {
        method: 'POST',
        body: JSON.stringify(message),
        timeout: CALL,
      });
      return response.ok ? yield* response.json() : null;
    } catch (error) {
      if (error instanceof PawlError || error instanceof HttpError) return null;
      throw error;
    }
  }) as Call;
}

/** Serves a replica that is loaded, at its own address, for ever. */
export const serveReplica = coroutine(function* (replica: Replica) {
  const [host = '', port] = replica.name.split(':');
  const server = yield* serve({ host, port: Number(port), handler: (request) => answer(replica, request) });
  try {
    yield* replica.run();
  } finally {
    yield* server.close({ deadline: 0 });
  }
});

const answer = coroutine(function* (replica: Replica, request: ServerRequest) {
  const text = yield* request.body.text();
  if (request.path === '/raft/vote') return json(yield* replica.onVote(JSON.parse(text) as VoteRequest));
  if (request.path === '/raft/append') return json(yield* replica.onAppend(JSON.parse(text) as AppendRequest));
  const command = commandOf(request, text);
  return command === null ? { status: 404 } : yield* carryOut(replica, command, request.target);
});

function json(value: unknown): AnswerParts {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

function commandOf({ method, path, query }: ServerRequest, text: string): Command | null {
  const [, key] = /^\/kv\/(.+)$/.exec(path) ?? [];
  if (key === undefined) return null;
  if (method === 'GET') return { op: 'get', key };
  const parameters = new URLSearchParams(query);
  const from = parameters.get('from');
  if (from === null && !parameters.has('absent')) return { op: 'set', key, value: text };
  return { op: 'swap', key, from, value: text };
}

const carryOut = coroutine(function* (replica: Replica, command: Command, target: string) {
  try {
    const doing: Future<Result> = command.op === 'get' ? replica.read(command.key) : replica.propose(command);
    return json(yield* timeout(CLIENT, doing));
  } catch (error) {
    if (error instanceof NotLeader)
      return error.leader === null
        ? { status: 503, headers: { 'Retry-After': '1' } }
        : { status: 307, headers: { Location: `http://${error.leader}${target}` } };
    if (error instanceof OutcomeUnknown || (error instanceof PawlError && error.code === 'TIMEOUT'))
      return { status: 504 };
    throw error;
  }
});
