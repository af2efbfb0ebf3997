/** `corofy check`: what cannot be compiled, and what probably was not meant so. Writes nothing but diagnostics. */
import { compileFile, sourcesIn, type Options } from './files.ts';

/** True when there is no error. */
export function check(paths: readonly string[], options: Options): boolean {
  let good = true;
  let files = 0;
  let coroutines = 0;
  for (const path of paths) {
    const found = sourcesIn(path);
    if (found === null) {
      process.stderr.write(`corofy: there is no file or folder ${path}\n`);
      good = false;
      continue;
    }
    for (const file of found.files) {
      const result = compileFile(file, options);
      files++;
      coroutines += result.compiled.length;
      good &&= result.good;
    }
  }
  process.stdout.write(
    `${counted(coroutines, 'coroutine')} in ${counted(files, 'file')}${good ? '' : ', with errors'}\n`,
  );
  return good;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
