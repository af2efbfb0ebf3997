import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimFailure, simulate, type SimulateOptions } from 'pawl/testing';

const scenario = (name = ''): URL => new URL(`support/scenarios.ts${name}`, import.meta.url);

test('several threads give what one gives', async () => {
  const options = { seeds: 60, from: 5, check: true };
  const one = await simulate(options, scenario());
  assert.equal(one.seeds, 60);
  assert.deepEqual(await simulate({ ...options, threads: 2 }, scenario()), one);
});

test('the first failure is that of the lowest seed, whichever thread was faster', async () => {
  const failure = async (options: SimulateOptions): Promise<SimFailure> =>
    simulate({ seeds: 400, ...options }, scenario('#lostUpdate')).then(
      () => assert.fail('it did not fail'),
      (error: SimFailure) => error,
    );
  const [one, several] = [await failure({}), await failure({ threads: 3 })];
  assert.equal(several.code, 'SIM_FAILED');
  assert.deepEqual([several.seed, several.schedule, several.message], [one.seed, one.schedule, one.message]);
});

test('what fails in another thread only is not of the world', async () => {
  await assert.rejects(simulate({ seeds: 10, threads: 2 }, scenario('#elsewhere')), {
    code: 'SIM_NONDETERMINISTIC',
    message: /not the first thread/,
  });
});

test('bad input is refused', async () => {
  const refused = (options: SimulateOptions, what: Parameters<typeof simulate>[1], message: RegExp) =>
    assert.rejects(simulate(options, what), { code: 'BAD_ARGUMENT', message });
  await refused({ threads: 2 }, function* () {}, /address of a module/);
  await refused({ threads: 0 }, scenario(), /threads are 1 to 256/);
  await refused({ threads: 2.5 }, scenario(), /threads must be a whole number/);
  await refused({ threads: 2, onReport: () => {} }, scenario(), /options with functions/);
  await refused({}, scenario('#noFunction'), /exports no function named noFunction/);
  await refused({ threads: 2, link: { loss: 2 } }, scenario(), /loss is a part/);
});

test('one thread needs no module', async () => {
  assert.equal((await simulate({ threads: 1, seeds: 3 }, function* () {})).seeds, 3);
});
