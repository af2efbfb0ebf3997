import { teach } from './src/teach/teach.ts';
import { formatDiagnostic } from './src/index.ts';
import { readFileSync } from 'node:fs';
const s = readFileSync(process.argv[2], 'utf8');
const r = teach(s, { file: process.argv[2] });
console.log(r.diagnostics.map((d) => formatDiagnostic(d, s)).join('\n') || r.code);
