/** The thread of `in-flight.ts`: one system call. */
import { parentPort, workerData } from 'node:worker_threads';
import { read } from '../../packages/pawl/src/sys/syscalls/index.ts';
import type { Order } from './in-flight.ts';

const { fd, address, length } = workerData as Order;
parentPort?.postMessage(read(fd, address, length), []);
