/** Round trips between threads over Node's MessagePort. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Implementation } from '../harness/measure.ts';
import { type Ping, ping } from './measures.ts';

const ECHO = `
  const { workerData: port } = require('node:worker_threads');
  port.on('message', (message) => port.postMessage(message));
`;

let made: MessagePort | undefined;

function port(): MessagePort {
  if (made !== undefined) return made;
  const { port1, port2 } = new MessageChannel();
  void new Worker(ECHO, { eval: true, workerData: port2, transferList: [port2] });
  return (made = port1);
}

function messages(n: number): Promise<number> {
  const to = port();
  return new Promise((resolve) => {
    let sum = 0;
    let id = 0;
    const next = (): void => to.postMessage(ping(id), []);
    const onMessage = (message: Ping): void => {
      sum += message.id;
      if (++id < n) return next();
      to.off('message', onMessage);
      resolve(sum);
    };
    to.on('message', onMessage);
    next();
  });
}

export default { messages } satisfies Implementation;
