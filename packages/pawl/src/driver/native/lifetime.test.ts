/** What keeps a process alive, what ends it, and where errors go that Node's callbacks throw while our loop owns the thread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript } from '../../../test/support/script.ts';

for (const mode of ['host', 'guest']) {
  const env = { PAWL_LOOP: mode };

  /** A script that ends by itself, with success, having printed these lines. */
  const prints = (title: string, script: string, expected: string): void => {
    void test(`${mode} mode: ${title}`, async () => {
      const { code, signal, stdout, stderr } = await runScript(script, { env });
      assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: expected, stderr: '' });
    });
  };

  prints('a driver with nothing to do lets the process end', `nativeDriver(); console.log('end');`, 'end\n');

  prints(
    'a timer keeps the process alive until it has fired',
    `const driver = nativeDriver();
    const timer = new TestTimer();
    driver.timers.insert(timer, driver.refresh() + 30);
    process.on('exit', () => console.log('fired', timer.fired));`,
    'fired 1\n',
  );

  prints(
    'a timer that a callback of Node cancels does not keep it any longer',
    `const driver = nativeDriver();
    const timer = new TestTimer();
    driver.timers.insert(timer, driver.refresh() + 3_600_000);
    setTimeout(() => driver.timers.cancel(timer), 20);`,
    '',
  );

  prints(
    'a timer keeps the process alive also after an earlier one was cancelled',
    `const driver = nativeDriver();
    const [early, late] = [new TestTimer(), new TestTimer()];
    driver.timers.insert(early, driver.refresh() + 10);
    driver.timers.cancel(early);
    driver.timers.insert(late, driver.refresh() + 30);
    process.on('exit', () => console.log('fired', early.fired, late.fired));`,
    'fired 0 1\n',
  );

  prints(
    'a timer that a tick cancels does not keep it either',
    `const driver = nativeDriver();
    const timer = new TestTimer();
    driver.timers.insert(timer, driver.refresh() + 3_600_000);
    const client = new JobClient(driver);
    client.add((function* () {
      yield* pause(driver, 1);
      process.nextTick(() => driver.timers.cancel(timer));
    })());`,
    '',
  );

  prints(
    'an accept that waits keeps the process alive, and closing the listener from a callback of Node ends it',
    `const listener = nativeDriver().net.tcpListen(anywhere, {});
    listener.pollAccept(new HandContext(nativeDriver()));
    setTimeout(() => { console.log('close'); listener.close(); }, 20);`,
    'close\n',
  );

  prints(
    'a listener that nobody waits for does not keep the process alive',
    `nativeDriver().net.tcpListen(anywhere, {});`,
    '',
  );

  prints(
    'a waker for other threads keeps the process alive until it is closed',
    `const waker = nativeDriver().remoteWaker(() => {});
    setTimeout(() => { console.log('close'); waker.close(); }, 20).unref();`,
    'close\n',
  );

  prints(
    'tasks that nothing can wake are told so when Node has nothing more to do either',
    `const client = new JobClient(nativeDriver());
    client.add((function* () { yield* until(() => PENDING); })());
    setTimeout(() => console.log('strandings', client.strandings), 20);
    process.on('exit', () => console.log('strandings', client.strandings));`,
    'strandings 0\nstrandings 1\n',
  );

  prints(
    'blocking before anything else leaves a process that ends',
    `const driver = nativeDriver();
    new JobClient(driver).block(pause(driver, 1));
    console.log(driver.blocking, driver.metrics.timers);`,
    'false 0\n',
  );

  prints(
    "what Node's callbacks throw reaches the handler, and our loop goes on",
    `const driver = nativeDriver();
    process.on('uncaughtException', (error) => console.log('caught', error));
    const fail = (what) => { throw what; };
    new JobClient(driver).add((function* () {
      for (const begin of [
        () => process.nextTick(fail, 'a tick'),
        () => queueMicrotask(() => fail('a microtask')),
        () => setImmediate(fail, 'an immediate'),
        () => setTimeout(fail, 1, 'a timer'),
        () => process.nextTick(() => { process.nextTick(() => console.log('the tick after it')); fail('a first tick'); }),
      ]) {
        begin();
        yield* pause(driver, 20);
      }
      console.log('went on');
    })());`,
    'caught a tick\ncaught a microtask\ncaught an immediate\ncaught a timer\ncaught a first tick\nthe tick after it\nwent on\n',
  );

  void test(`${mode} mode: what a tick throws ends a process without a handler`, async () => {
    const { code, stderr } = await runScript(
      `const driver = nativeDriver();
      new JobClient(driver).add((function* () {
        yield* pause(driver, 1);
        process.nextTick(() => { throw new Error('thrown'); });
        yield* pause(driver, 3_600_000);
      })());`,
      { env },
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Error: thrown/);
  });

  prints(
    'a rejection that nobody handles reaches the handler, and our loop goes on',
    `const driver = nativeDriver();
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
    new JobClient(driver).add((function* () {
      yield* pause(driver, 1);
      Promise.reject(new Error('rejected'));
      yield* pause(driver, 20);
      console.log('went on');
    })());`,
    'unhandled rejected\nwent on\n',
  );

  void test(`${mode} mode: a listener out of descriptors throws, and accepts again when there are some`, async () => {
    const { code, stdout, stderr } = await runScript(
      `const driver = nativeDriver();
      const listener = driver.net.tcpListen(anywhere, {});
      const cx = new HandContext(driver);
      const streams = [];
      const attempt = (action) => {
        try {
          return action();
        } catch (error) {
          return error;
        }
      };
      await new JobClient(driver).run((function* () {
        let last;
        while (!((last = attempt(() => driver.net.tcpConnect(listener.local, {}))) instanceof Error)) {
          streams.push(last);
          yield* until((cx) => last.pollConnect(cx));
        }
        console.log('connect:', last.code, last.syscall);
        for (let i = 0; i < 3; i++) {
          const error = attempt(() => listener.pollAccept(cx));
          console.log('accept:', error.code, error.syscall, error.errno, error.port === listener.local.port);
        }
        streams.pop().close();
        const stream = yield* until((cx) => listener.pollAccept(cx));
        console.log('accepted', stream.peer.port === streams[0].local.port);
        for (const handle of [...streams, stream, listener]) handle.close();
        console.log(driver.metrics.descriptors, driver.metrics.waiting);
      })());`,
      { env, descriptors: 64 },
    );
    const accept = 'accept: EMFILE accept -24 true\n';
    assert.equal(stdout, `connect: EMFILE socket\n${accept.repeat(3)}accepted true\n0 0\n`, stderr);
    assert.equal(code, 0);
  });
}

void test('where ticks cannot be drained, Node gets the thread after every turn of a busy loop', async () => {
  const { code, stdout, stderr } = await runScript(
    `delete process._tickCallback;
    const driver = nativeDriver();
    let [turns, microtasks, missing] = [0, 0, 0];
    driver.schedule({
      turn() {
        if (microtasks < turns) missing++;
        queueMicrotask(() => microtasks++);
        return ++turns < 100 ? 1 : 0;
      },
      stranded() {},
    });
    process.on('exit', () => console.log(turns, microtasks, missing));`,
  );
  assert.equal(stdout, '100 100 0\n', stderr);
  assert.equal(code, 0);
});

void test('a mode that does not exist is refused by name', async () => {
  const { stdout } = await runScript(
    `try { nativeDriver(); } catch (error) { console.log(error.code, error.message); }`,
    { env: { PAWL_LOOP: 'hosts' } },
  );
  assert.match(stdout, /^BAD_ARGUMENT .*host or guest, got hosts\n$/);
});

void test('a second copy of the package joins the driver of the first', async () => {
  const { stdout, stderr } = await runScript(
    `const copy = await import(${JSON.stringify(new URL('./index.ts?copy', import.meta.url).href)});
    console.log(copy.nativeDriver !== nativeDriver, copy.nativeDriver() === nativeDriver());`,
  );
  assert.equal(stdout, 'true true\n', stderr);
});

void test('the mode is fixed by the first call', async () => {
  const { stdout } = await runScript(
    `nativeDriver({ loop: 'host' });
    nativeDriver();
    nativeDriver({ loop: 'host' });
    try { nativeDriver({ loop: 'guest' }); } catch (error) { console.log(error.code, error.message); }`,
  );
  assert.match(stdout, /^BAD_ARGUMENT .*host mode already\n$/);
});

void test('under a permission model without FFI there is no driver, and a sentence that says why', async () => {
  const { stdout } = await runScript(
    `try { nativeDriver(); } catch (error) { console.log(error.code, error.message); }`,
    { nodeOptions: ['--permission', '--allow-fs-read=*'] },
  );
  assert.match(stdout, /^FFI_DENIED .*--allow-ffi\n$/);
});
