import { coroutine } from 'pawl';

// oxlint-disable-next-line no-eval -- what is refused
export default coroutine(async () => eval('1') as number);
