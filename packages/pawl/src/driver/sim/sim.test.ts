import { conformance } from '../../../test/support/conformance.ts';
import { fileConformance } from '../../../test/support/file-conformance.ts';
import { udpConformance } from '../../../test/support/udp-conformance.ts';
import type { Driver } from '../driver.ts';
import { PLAIN, type SimDriver, SimWorld, withFreedoms } from './index.ts';

const anywhere = { host: '127.0.0.1', port: 0, family: 4 } as const;
const anywhere6 = { host: '::1', port: 0, family: 6 } as const;

function alone(seed: number, freedoms = PLAIN): () => Driver {
  const driver = new SimWorld({ seed, freedoms }).network.add('alone').boot();
  return () => driver;
}

conformance('simulated', { driver: alone(1), anywhere, run: (client, jobs) => client.block(...jobs) });
conformance('simulated, IPv6', { driver: alone(2), anywhere: anywhere6, run: (client, jobs) => client.block(...jobs) });
udpConformance('simulated UDP', { driver: alone(3), anywhere, run: (client, jobs) => client.block(...jobs) });
udpConformance('simulated UDP, IPv6', {
  driver: alone(4),
  anywhere: anywhere6,
  run: (client, jobs) => client.block(...jobs),
});

// What does not alter what a single call gives: the order of things, and how long they take.
const anyOrder = withFreedoms(PLAIN, { order: 1, eventOrder: 0.5, latency: 1 });
for (const seed of [5, 6, 7]) {
  conformance(`simulated in any order (seed ${seed})`, {
    driver: alone(seed, anyOrder),
    anywhere,
    run: (client, jobs) => client.block(...jobs),
  });
}

let folders = 0;
const disk = alone(8);
fileConformance('simulated files', {
  driver: disk,
  folder: () => {
    const { machine } = disk() as SimDriver;
    const path = `/test-${folders++}`;
    machine.disk.makeDirectory(path, 0o777);
    return path;
  },
  run: (client, jobs) => client.block(...jobs),
});
