/** Memory that is given back while the kernel still points into it: the corruption, in a child process. */
import { spawnSync } from 'node:child_process';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { BlockingPair, fill, startRead, textOf } from './in-flight.ts';

async function corrupt(): Promise<void> {
  using pair = new BlockingPair();
  // #region mistake
  const buffer = arena.take(64);
  const reading = startRead({ fd: pair.near, address: buffer.address, length: 64 });
  console.log('a read is under way, and the address of its buffer has been handed over');
  arena.release(buffer); // the mistake: "I do not want those bytes any more"
  console.log('its buffer is given back, because nobody wants the bytes any more');

  const letter = arena.take(64); // somebody else, who has nothing to do with it
  fill(letter.bytes, 'Dear Sir or Madam');
  console.log(`somebody else gets the memory, and writes "${textOf(letter.bytes)}"`);

  pair.send('GET /secrets HTTP/1.1');
  await reading;
  console.log(`the bytes come; now it says "${textOf(letter.bytes)}"`);
  // #endregion
  console.log(`the same address: ${letter.address === buffer.address}`);
}

if (process.argv[2] === 'corrupt') await corrupt();
else {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, 'corrupt'],
    {
      encoding: 'utf8',
    },
  );
  process.stderr.write(stderr);
  console.log(stdout.trimEnd());
  console.log(`(that was a child process; it ended with ${status}, and no error told of it)`);
}
