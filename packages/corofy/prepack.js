// Makes what `npm pack` puts into the tarball: a fresh `dist` (no file of an earlier build survives), and the project's licence.
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';

process.chdir(import.meta.dirname);
rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
copyFileSync('../../LICENSE', 'LICENSE');
