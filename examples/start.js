// `npm start` runs the tour, `npm start -- program.ts args…` a program of your own, both as `pawl run` does.
import { resolve } from 'node:path';

const [file, ...args] = process.argv.slice(2);
// npm runs scripts in the project's root and says in INIT_CWD where the user stands.
const program = file === undefined ? 'examples/tour/main.ts' : resolve(process.env.INIT_CWD ?? '.', file);
process.argv.splice(2, Infinity, 'run', program, ...args);
await import('../packages/pawl/bin/pawl.js');
