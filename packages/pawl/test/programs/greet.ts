/** Says what it was given, and ends with the number of its arguments. */
import { coroutine, sleep } from 'pawl';

export default coroutine(function* greet(...args: string[]) {
  yield* sleep(1);
  console.log(JSON.stringify({ args, argv: process.argv.slice(2), program: process.argv[1] }));
  return args.length;
});
