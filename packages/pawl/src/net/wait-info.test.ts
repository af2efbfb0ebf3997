import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockOn, type Future, race, yieldNow } from 'pawl';
import { duplex } from 'pawl/io';
import { waitInfo, type Waiting } from '../future/wait-info.ts';
import { pair } from '../../test/support/loopback.ts';
import { formatAddress, TcpListener } from './index.ts';

const what = (future: Future<unknown>): string => (future as unknown as Waiting)[waitInfo]().what;

describe('a waiting operation', () => {
  it('tells what it waits for', () => {
    blockOn(function* () {
      using listener = yield* TcpListener.bind(0);
      using both = yield* pair();
      const { client } = both;
      const peer = formatAddress(client.remoteAddress);
      const read = client.read(new Uint8Array(1));
      const accept = listener.accept();
      yield* race<unknown>([read, accept, yieldNow()]);
      assert.equal(what(read), `read from ${peer}`);
      assert.equal(what(client.writeAll(new Uint8Array(1))), `write to ${peer}`);
      assert.equal(what(accept), `accept on ${formatAddress(listener.localAddress)}`);
      const [a] = duplex();
      assert.equal(what(a.read(new Uint8Array(1))), 'read from a memory stream');
      assert.equal(what(a.write(new Uint8Array(1))), 'write to a memory stream');
    });
  });
});
