/** A worker thread that opens one of everything in the directory of its `workerData`, says so, and closes nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { run, sleep } from 'pawl';
import { File, watch } from 'pawl/fs';
import { UdpSocket, UnixDatagram, UnixListener, UnixStream } from 'pawl/net';
import { descriptorTable } from '../../src/sys/descriptors.ts';

const folder = workerData as string;

await run(function* () {
  const open = [
    yield* File.open(`${folder}/file`, 'w'),
    yield* watch(folder),
    yield* UdpSocket.bind(0),
    yield* UnixListener.bind(`${folder}/socket`),
    yield* UnixStream.connect(`${folder}/socket`),
    yield* UnixDatagram.bind(),
  ];
  parentPort!.postMessage(descriptorTable(), []);
  yield* sleep(60_000);
  return open;
});
