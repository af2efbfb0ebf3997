/**
 * The `corofy` command line. Usage errors go to stderr and end with 2, a source that cannot be compiled, read or written with 1.
 *
 * What must hold: no output replaces a source.
 */
import { parseArgs } from 'node:util';
import { VERSION } from '../version.ts';
import { buildFile, buildFolder, watchFolder } from './build.ts';
import { check } from './check.ts';
import { explain } from './explain.ts';
import { isSame, messageOf, sourcesIn, type Options } from './files.ts';
import { teachFile } from './teach.ts';

const HELP = `corofy compiles coroutine(async …) to state machines for the Pawl runtime.

Usage:
  corofy file.ts [-o out.ts]      compile a file, to standard output or to out.ts
  corofy src -d out [--watch]     compile a folder's sources into another one; --watch goes on with each change
  corofy --teach file.ts [-o out] make machines to be read of \`coroutine function name(…) { … expression.wait … }\`
  corofy check [file|folder…]     say what cannot be compiled; for CI
  corofy explain file.ts          print each coroutine beside its machine, state by state
  corofy --help | --version

Options:
  --strict                        warnings are errors
  --generators                    compile coroutine(function* …) as well, with yield* as the await
  --back-end auto|closure|fields  how a coroutine keeps its variables (default auto)
  --no-map                        no source map at the end of the output

Without a build step: node --import corofy/register program.ts, or pawl run program.ts.
`;

/** Runs the command line and sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await command(args);
  } catch (error) {
    process.stderr.write(`corofy: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

async function command(args: readonly string[]): Promise<void> {
  // Whoever reads only the first lines has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: 'string', short: 'o' },
        folder: { type: 'string', short: 'd' },
        watch: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        teach: { type: 'boolean', default: false },
        generators: { type: 'boolean', default: false },
        'back-end': { type: 'string', default: 'auto' },
        'no-map': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.version) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const backEnd = values['back-end'];
  if (backEnd !== 'auto' && backEnd !== 'closure' && backEnd !== 'fields')
    return refuse(`there is no back end ${JSON.stringify(backEnd)}`);
  const options: Options = { strict: values.strict, generators: values.generators, backEnd, map: !values['no-map'] };
  const [first, ...rest] = positionals;
  if (first === undefined) return refuse('name a file or a folder');
  const { out, folder } = values;
  const writes = out !== undefined || folder !== undefined || values.watch;
  const replaced = out ?? folder;
  if (replaced !== undefined && isSame(first, replaced)) return refuse(`${replaced} would replace the source`);
  if (values.teach) {
    if (rest.length > 0 || values.watch || values.folder !== undefined) return refuse('--teach takes one file');
    if (sourcesIn(first)?.folder !== null) return refuse(`there is no file ${first}`);
    process.exitCode = teachFile(first, values.out) ? 0 : 1;
    return;
  }
  if ((first === 'check' || first === 'explain') && writes) return refuse(`${first} writes no files`);
  if (first === 'check') {
    process.exitCode = check(rest.length === 0 ? ['.'] : rest, options) ? 0 : 1;
    return;
  }
  if (first === 'explain') {
    const [file, more] = rest;
    if (file === undefined || more !== undefined) return refuse('explain takes one file');
    if (sourcesIn(file)?.folder !== null) return refuse(`there is no file ${file}`);
    process.exitCode = explain(file, options) ? 0 : 1;
    return;
  }
  if (rest.length > 0) return refuse(`one at a time, not also ${rest.join(', ')}`);
  const what = sourcesIn(first);
  if (what === null) return refuse(`there is no file or folder ${first}`);
  if (what.folder === null) {
    if (values.watch || values.folder !== undefined) return refuse('--watch and -d are for folders');
    process.exitCode = buildFile(first, values.out, options) ? 0 : 1;
    return;
  }
  if (values.folder === undefined) return refuse('a folder needs -d: corofy src -d out');
  if (out !== undefined) return refuse('-o is for a file');
  const good = buildFolder(first, values.folder, options);
  if (values.watch) await watchFolder(first, values.folder, options);
  else process.exitCode = good ? 0 : 1;
}

function refuse(message: string): void {
  process.stderr.write(`corofy: ${message}\n\n${HELP}`);
  process.exitCode = 2;
}
