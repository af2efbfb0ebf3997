/** Its main ends at once, and Node has something open for another while: until the dump has been written. */
import { coroutine } from 'pawl';

export default coroutine(function* lingers() {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  const interval = setInterval(() => {}, 1000);
  stderr.write = (text: string) => {
    if (text.includes('live tasks')) clearInterval(interval);
    return write(text);
  };
});
