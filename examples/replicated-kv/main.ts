/**
 * A replica of its own process: its address, those of the others, and a file for what it must not forget. README.md says how to start three.
 */
import { coroutine } from 'pawl';
import { Client } from 'pawl/http';
import { Replica } from './replica.ts';
import { caller, serveReplica } from './server.ts';
import { Journal } from './storage.ts';

export default coroutine(function* main(own: string = '', others: string = '', file: string = '') {
  if (own === '' || file === '') throw new Error('usage: main.ts HOST:PORT HOST:PORT,… FILE');
  using client = new Client();
  const peers = others.split(',').filter(Boolean);
  const replica = new Replica(own, peers, new Journal(file), caller(client));
  yield* replica.load();
  console.log(`${own}: term ${replica.term}, ${replica.log.length - 1} entries`);
  yield* serveReplica(replica);
});
