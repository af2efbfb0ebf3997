/** Files on a simulated disk: what a crash leaves of them, and that what was made durable is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine, sleep } from 'pawl';
import { File, listDir, makeDir, readText, rename, syncDir, writeFile, writeFileAtomic } from 'pawl/fs';
import { assertNoLeaks, type SimFailure, simulate, type Scenario, type SimulateOptions } from 'pawl/testing';

const check = (title: string, scenario: Scenario, options: SimulateOptions = {}): void =>
  void test(title, async () => {
    await simulate({ seeds: 30, check: true, ...options }, scenario);
  });

const contents = coroutine(function* (path: string) {
  const names = (yield* listDir(path)).map(({ name }) => name).toSorted();
  const found: Record<string, string> = {};
  for (const name of names) found[name] = yield* readText(`${path}/${name}`);
  return found;
});

check(
  'a crash leaves what was synced, and of names those whose directory was',
  function* (world) {
    let boots = 0;
    const seen: Record<string, string>[] = [];
    const host = world.host('disk', function* () {
      if (boots++ > 0) {
        seen.push(yield* contents('/data'));
        return;
      }
      yield* makeDir('/data');
      yield* syncDir('/');
      yield* writeFile('/data/lost', 'nobody has synced it');
      using file = yield* File.open('/data/kept', 'w');
      yield* file.writeAll(new TextEncoder().encode('first'));
      yield* file.sync();
      yield* syncDir('/data');
      yield* file.writeAll(new TextEncoder().encode(' second'));
      yield* writeFile('/data/nameless', 'written');
      yield* sleep(1e6);
    });
    yield* sleep(1000);
    host.restart();
    yield* sleep(1000);
    // The directory was synced when `lost` had a name already, but its bytes were not.
    assert.deepEqual(seen, [{ kept: 'first', lost: '' }]);
  },
  { freedoms: 'plain' },
);

/** A counter that is kept in a file, on a host that loses its power now and then. */
const counter = (save: (path: string, text: string) => ReturnType<typeof writeFile>): Scenario =>
  function* (world) {
    let confirmed = 0;
    const host = world.host('counter', function* () {
      const path = '/tmp/counter';
      const names = (yield* listDir('/tmp')).map(({ name }) => name);
      let count = names.includes('counter') ? Number(yield* readText(path)) : 0;
      assert.ok(count >= confirmed, `it has lost ${confirmed}, and is at ${count}`);
      assert.ok(count <= confirmed + 1, `it is at ${count}, and nobody has counted beyond ${confirmed + 1}`);
      // What is there after a crash is durable.
      confirmed = count;
      for (;;) {
        yield* save(path, String(++count).padStart(2000, '0'));
        confirmed = count;
        yield* sleep(world.choose(3));
      }
    });
    for (let i = 0; i < 10; i++) {
      yield* sleep(1 + world.choose(60));
      host.restart();
    }
  };

check(
  'a file that is written atomically is the old one or the new one, and the new one once it is done',
  counter(writeFileAtomic),
  {
    seeds: 100,
  },
);

test('whoever forgets to sync is found out', async () => {
  const careless = coroutine(function* (path: string, text: string) {
    yield* writeFile(`${path}.new`, text);
    yield* rename(`${path}.new`, path);
  });
  const error = await simulate({ seeds: 100 }, counter(careless)).then(
    () => assert.fail('nobody has noticed'),
    (failure: SimFailure) => failure,
  );
  assert.equal(error.replays, true);
  assert.match(String(error.cause), /it has lost|nobody has counted/);
});

check('each host has a disk of its own', function* (world) {
  const seen: string[][] = [];
  for (const name of ['a', 'b']) {
    world.host(name, function* () {
      yield* writeFile(`/${name}`, name);
      seen.push((yield* listDir('/')).map(({ name }) => name).filter((name) => name.length === 1));
    });
  }
  yield* sleep(1000);
  assert.deepEqual(seen.flat().toSorted(), ['a', 'b']);
});

test('the end of a world is no crash: nothing is decided about its disks any more', async () => {
  const error = await simulate({ seeds: 5, freedoms: { unsynced: 1 } }, function* () {
    yield* writeFile('/tmp/unsynced', 'anything');
    throw new Error('the end');
  }).then(
    () => assert.fail('it has not failed'),
    (failure: SimFailure) => failure,
  );
  assert.equal((error.cause as Error).message, 'the end');
  assert.equal(error.replays, true);
  assert.match(error.timeline, /fails: the end$/);
});

test('a file that a simulated program leaves open is named', async () => {
  const leaving = simulate({ seeds: 1 }, function* () {
    yield* assertNoLeaks(function* () {
      yield* File.open('/left', 'w');
    });
  });
  await assert.rejects(leaving, /- file \/left/);
});
