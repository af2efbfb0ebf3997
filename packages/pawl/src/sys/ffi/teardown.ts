/**
 * The end of a thread that has called foreign functions: wait for V8's compiler.
 *
 * When a thread ends, Node frees what describes its foreign functions (FFIFunctionInfo, src/node_ffi.cc) while V8 may still be compiling,
 * on another thread, a JavaScript function that calls one. The compiler then reads freed memory: the process ends with SIGSEGV or a
 * failed check ("FastApiCallNode::ArityForArgc"), after all of the program's own work. Seen with Node 26.10 in 7 of 100 runs of a program
 * that ends right after its loops have become hot. Waiting takes 0.1 ms where nothing is being compiled.
 *
 * What must hold: this runs as the thread's last JavaScript. A worker that is ended by `terminate()` runs none: end a worker that is
 * in the midst of its work by asking it.
 */
import { setFlagsFromString } from 'node:v8';

/** Waits until no function is being compiled in the background. Does nothing where V8 does not offer it. */
function waitForCompiler(): void {
  try {
    setFlagsFromString('--allow-natives-syntax');
    // V8's own word for it (runtime-test.cc), without an equivalent in JavaScript
    // oxlint-disable-next-line no-implied-eval, no-new-func
    (new Function('%WaitForBackgroundOptimization()') as () => void)();
  } catch {
    // code from strings is forbidden, or V8 has renamed it: the risk stays what it is in Node itself
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

let installed = false;

/** Makes this thread's end safe; once. */
export function guardTeardown(): void {
  if (installed) return;
  installed = true;
  process.on('exit', waitForCompiler);
}
