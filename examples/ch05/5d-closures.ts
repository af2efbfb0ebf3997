/** Fibers that take closures: one function on several stacks, and what differs is what it finds at its argument. */
import { RoundRobin } from 'pawl/fiber';
import { socketPair } from 'pawl/queue';

// #region main
const scheduler = new RoundRobin();
const [here, there] = socketPair();
scheduler.spawnLines(['one: to standard output\n', 'one: again\n']);
scheduler.spawnLines(['two: to a socket\n', 'two: again\n'], there.fd);
scheduler.spawnLines(['three: to standard output\n']);
scheduler.spawnCounter(100_000); // counts in its closure, and yields each time
scheduler.run();

const bytes = new Uint8Array(100);
const count = here.read(bytes);
console.log(`read from the socket:\n${new TextDecoder().decode(bytes.subarray(0, count)).trimEnd()}`);
// #endregion
here.close();
there.close();
