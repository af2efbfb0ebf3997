import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

const module = JSON.stringify(new URL('../queue/waker.ts', import.meta.url).href);

// Each worker ends while V8 is likely to be compiling its loop: several at once, so that the compiler is behind, and each after another
// number of rounds. In a process of its own, because the failure is that process's death. Without the guard about one run in three fails.
const program = `
  const { Worker } = require('node:worker_threads');
  const { once } = require('node:events');
  const loop = (rounds) => \`import(${module.replaceAll('"', "'")}).then(({ WakerOwner }) => {
    const waker = new WakerOwner();
    for (let i = 0; i < \${rounds}; i++) { waker.wake(); waker.acknowledge(); }
  });\`;
  (async () => {
    for (let rounds = 2000; rounds < 20000; rounds += 3000) {
      const workers = [0, 500, 1000, 1500, 2000, 2500].map((more) => new Worker(loop(rounds + more), { eval: true }));
      await Promise.all(workers.map((worker) => once(worker, 'exit')));
    }
    console.log('alive');
  })();`;

describe('the end of a thread', () => {
  it('in the midst of compiling a call of a foreign function does not end the process', () => {
    const args = ['--no-warnings', '-e', program];
    const { stdout, stderr, signal } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    assert.equal(signal, null, stderr);
    assert.equal(stdout.trim(), 'alive', stderr);
  });
});
