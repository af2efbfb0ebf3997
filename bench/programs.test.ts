/**
 * Every measure of ours runs here once, small: a benchmark that hangs or counts wrongly is found by the tests, not by whoever wants a figure.
 *
 * What must hold: each module has a process of its own, as in a run of the benchmark, because some leave threads behind that live as long as it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ENTRIES as COROFY } from './corofy/measures.ts';
import { NODE_FLAGS } from './harness/child.ts';
import type { Entry } from './harness/entry.ts';
import { ENTRIES as KERNEL } from './kernel/measures.ts';
import { entriesOf, FILE_BYTES, FOLDER } from './os/measures.ts';
import { ENTRIES as SIM, expected as expectedOfSim } from './sim/measures.ts';
import { ENTRIES as SYNC } from './sync/measures.ts';
import { expected as expectedOfMessages } from './threads/measures.ts';

/** Enough for every measure to take each of its branches: a multiple of what the measures count in. */
const N = 1600;
/** Children among them. */
const OF_OS = 64;
const LIMIT_MS = 60_000;

/** A measure's name, the number of its operations, and what it must come to. */
type Check = readonly [measure: string, n: number, expected: number];

const RUN_ALL = `
  const [module, checks] = JSON.parse(process.argv[1]);
  const { default: measures } = await import(module);
  const found = [];
  for (const [measure, n] of checks) found.push(await measures[measure](n, { weigh() {} }));
  console.log(JSON.stringify(found));
  process.exit();
`;

async function check(module: string, checks: readonly Check[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const url = new URL(module, import.meta.url).href;
  const flags = [...NODE_FLAGS, '--input-type=module', '--eval', RUN_ALL, JSON.stringify([url, checks])];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { env, timeout: LIMIT_MS });
  const found = JSON.parse(stdout) as number[];
  assert.deepEqual(
    checks.map(([measure], i) => [measure, found[i]]),
    checks.map(([measure, , expected]) => [measure, expected]),
  );
}

/** Our sides of entries, by module. */
function ours(entries: readonly Entry[], n = N): Map<string, Check[]> {
  const modules = new Map<string, Check[]>();
  for (const entry of entries) {
    const { maker, measure } = entry.ours;
    const checks = modules.get(maker) ?? [];
    modules.set(maker, checks);
    if (!checks.some(([name]) => name === measure)) checks.push([measure, n, entry.expected(n)]);
  }
  return modules;
}

describe('measures come to what they must', { concurrency: 2 }, () => {
  for (const [suite, entries] of [
    ['kernel', KERNEL],
    ['sync', SYNC],
    ['corofy', COROFY],
  ] as const)
    for (const [maker, checks] of ours(entries))
      test(`${suite}, ${maker}`, () => check(`${suite}/${maker}.ts`, checks));

  test('os', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
    try {
      mkdirSync(join(folder, 'tree/directory'), { recursive: true });
      for (let i = 0; i < OF_OS - 1; i++) writeFileSync(join(folder, `tree/directory/${i}`), '');
      writeFileSync(
        join(folder, 'file'),
        new Uint8Array(FILE_BYTES).map((_, i) => i >> 12),
      );
      const [checks] = ours(entriesOf(OF_OS), OF_OS).values();
      await check('os/pawl.ts', checks!, { ...process.env, [FOLDER]: folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('sim', () =>
    check(
      'sim/pawl.ts',
      SIM.map((entry): Check => {
        const n = Math.min(entry.n, N);
        return [entry.measure, n, expectedOfSim({ ...entry, n })];
      }),
    ));

  test('threads', () =>
    check(
      'threads/pawl.ts',
      ['messages', 'spinning', 'bytes', 'spinningBytes'].map((measure) => [measure, N, expectedOfMessages(N)]),
    ));
});
