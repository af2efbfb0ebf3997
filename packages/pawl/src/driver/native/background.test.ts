/** Timers that do not keep the process alive, beside a loop of Node's that does, or does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript } from '../../../test/support/script.ts';
import { world } from '../../../test/support/world.ts';
import { Instant, interval, race, run, sleep, sleepUntil, yieldNow } from '../../index.ts';
import { nativeDriver } from './index.ts';

for (const mode of ['host', 'guest']) {
  /** A script that ends by itself, with success, having printed these lines. */
  const prints = (title: string, script: string, expected: string): void => {
    void test(`${mode} mode: ${title}`, async () => {
      const { code, signal, stdout, stderr } = await runScript(script, { env: { PAWL_LOOP: mode } });
      assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: expected, stderr: '' });
    });
  };

  prints(
    'a background timer does not keep the process alive, nor is what waits for it a deadlock',
    `const driver = nativeDriver();
    const client = new JobClient(driver);
    const timer = new TestTimer();
    client.add((function* () { yield* until((cx) => timer.poll(cx)); })());
    driver.background.insert(timer, driver.refresh() + 3_600_000);
    process.on('exit', () => console.log('fired', timer.fired, 'strandings', client.strandings));`,
    'fired 0 strandings 0\n',
  );

  prints(
    'a background timer fires while a timer of Node keeps the process alive, and wakes what waits for it',
    `const driver = nativeDriver();
    const client = new JobClient(driver);
    const [first, second] = [new TestTimer(), new TestTimer()];
    client.add((function* () {
      yield* until((cx) => first.poll(cx));
      console.log('first');
      driver.background.insert(second, driver.refresh() + 5);
      yield* until((cx) => second.poll(cx));
      console.log('second');
      yield* pause(driver, 1);
      console.log('paused');
      clearInterval(alive);
    })());
    driver.background.insert(first, driver.refresh() + 5);
    const alive = setInterval(() => {}, 3_600_000);`,
    'first\nsecond\npaused\n',
  );

  prints(
    'an earlier background timer is rung for before a later one, whatever the order of insertion',
    `const driver = nativeDriver();
    const order = [];
    const now = driver.refresh();
    const at = (ms) => {
      const timer = new TestTimer();
      timer.onTimer = () => { order.push(ms); if (order.length === 3) { console.log(order.join(' ')); clearInterval(alive); } };
      driver.background.insert(timer, now + ms);
      return timer;
    };
    const alive = setInterval(() => {}, 3_600_000);
    // Far enough apart that no pause of a busy machine lies between the insertion of the last and the time of the others.
    at(1200);
    at(900);
    driver.background.cancel(at(1));
    setImmediate(() => at(3));`,
    '3 900 1200\n',
  );

  prints(
    'a background timer fires while a timer of ours keeps the process alive',
    `const driver = nativeDriver();
    const [background, timer] = [new TestTimer(), new TestTimer()];
    driver.background.insert(background, driver.refresh() + 5);
    driver.timers.insert(timer, driver.refresh() + 30);
    process.on('exit', () => console.log(background.fired, timer.fired));`,
    '1 1\n',
  );

  prints(
    'blocking waits for a background timer',
    `const driver = nativeDriver();
    const timer = new TestTimer();
    driver.background.insert(timer, driver.refresh() + 5);
    new JobClient(driver).block((function* () { yield* until((cx) => timer.poll(cx)); })());
    console.log('fired', timer.fired);`,
    'fired 1\n',
  );
}

void test('a background sleep that is cancelled leaves no timer, and one that is not wakes its task', async () => {
  const before = nativeDriver().metrics.timers;
  await run(function* () {
    yield* sleep(1, { unref: true });
  });
  const { run: runHere, driver } = world();
  runHere(function* () {
    yield* sleep(5, { unref: true });
  });
  assert.equal(driver.time, 5);
  assert.equal(nativeDriver().metrics.timers, before);
});

void test('an unreferenced tick and sleepUntil come, leave no timer when they are cancelled, and do not keep the process', async () => {
  const { run: runHere, driver } = world();
  runHere(function* () {
    const every = interval(5, { unref: true });
    yield* every.tick();
    yield* every.tick();
    yield* sleepUntil(Instant.now().plus(5), { unref: true });
    yield* race([every.tick(), sleepUntil(Instant.now().plus(100), { unref: true })]);
    yield* race([interval(100, { unref: true }).tick(), yieldNow()]);
  });
  assert.equal(driver.time, 10);
  const script = (what: string): string => `
    const { run, interval, sleepUntil, Instant } = await import(${JSON.stringify(new URL('../../index.ts', import.meta.url).href)});
    void run(function* () {
      ${what}
      console.log('never');
    });`;
  for (const what of [
    'const every = interval(3_600_000, { unref: true }); yield* every.tick(); yield* every.tick();',
    'yield* sleepUntil(Instant.now().plus(3_600_000), { unref: true });',
  ]) {
    const { code, stdout, stderr } = await runScript(script(what));
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  }
});
