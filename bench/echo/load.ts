/**
 * The load generator where there is no C compiler: the same arguments and the same output as load.c, over node:net. It is slower than
 * the servers that it asks, so that its wall figures are its own; the server's CPU time is still the server's.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

const PORTS_PER_ADDRESS = 5000;

const [mode, ...rest] = process.argv.slice(2);
const [first = 0, ...numbers] = rest.map(Number);
if (mode === 'run') await run(first, numbers);
else if (mode === 'hold') await hold(first, numbers);
else throw new Error('usage: load run PORT PID CONNECTIONS BYTES WARM_MS RUN_MS | load hold PORT CONNECTIONS BYTES');

async function run(port: number, numbers: readonly number[]): Promise<void> {
  const [pid = 0, connections = 0, bytes = 0, warm = 0, length = 0] = numbers;
  const message = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz');
  let roundTrips = 0;
  for (let i = 0; i < connections; i++) {
    const socket = await open(port, i);
    let missing = bytes;
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      missing = bytes;
      roundTrips++;
      socket.write(message);
    });
    socket.write(message);
  }
  await sleep(warm);
  const wall = process.hrtime.bigint();
  const cpu = cpuOf(pid);
  roundTrips = 0;
  await sleep(length);
  console.log(JSON.stringify({ roundTrips, cpu: cpuOf(pid) - cpu, wall: Number(process.hrtime.bigint() - wall) }));
  process.exit();
}

async function hold(port: number, numbers: readonly number[]): Promise<void> {
  const [connections = 0, bytes = 0] = numbers;
  for (let i = 0; i < connections; i++) {
    const socket = await open(port, i);
    socket.write(Buffer.alloc(bytes));
    for (let got = 0; got < bytes;) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      got += chunk.length;
    }
  }
  console.log('held');
  await once(process.stdin.resume(), 'end');
  process.exit();
}

async function open(port: number, index: number): Promise<Socket> {
  const localAddress = `127.0.0.${1 + Math.floor(index / PORTS_PER_ADDRESS)}`;
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function cpuOf(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return sum;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
