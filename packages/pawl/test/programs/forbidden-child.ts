/** Says what starting a child, and making a FIFO, fail with under Node's permission model. */
import { type Future, type PawlError, run } from 'pawl';
import { Command, makeFifo } from 'pawl/process';

const codeOf = async (future: Future<unknown>): Promise<string> =>
  run(future).then(
    () => 'done',
    (error: PawlError) => error.code,
  );

console.log(await codeOf(new Command('true').status()), await codeOf(makeFifo('/tmp/pawl-forbidden-fifo')));
