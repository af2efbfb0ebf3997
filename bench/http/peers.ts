/**
 * The peers that come from packages, in the folder `peers` with a manifest and a lock file of its own: two of them are runtimes of 100 MB
 * each, which nobody should download who does not run this suite. It installs them when they are not there, without running their scripts:
 * what their install scripts would do is choose the binary that is found here by its package's name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('peers/', import.meta.url);
const INSTALL_LIMIT_MS = 300_000;
/** Binaries inside the packages, by the runtime and Node's name of the processor. */
const BINARIES: Readonly<Record<'bun' | 'deno', Readonly<Record<string, string>>>> = {
  bun: { x64: '@oven/bun-linux-x64/bin/bun', arm64: '@oven/bun-linux-aarch64/bin/bun' },
  deno: { x64: '@deno/linux-x64-glibc/deno', arm64: '@deno/linux-arm64-glibc/deno' },
};

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Installs what is missing or of another version. Returns why that failed, if it did. */
export function installPeers(progress: (text: string) => void): string | undefined {
  if (stale().length === 0) return undefined;
  progress('installing the peers, some 200 MB');
  const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: FOLDER,
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
  });
  if (status === 0 && stale().length === 0) return undefined;
  return `npm ci in bench/http/peers failed: ${error?.message ?? stderr.trim()}`;
}

/** Why a package of the peers cannot be used, or undefined. */
export function packageAbsent(name: string): string | undefined {
  return stale().includes(name) ? `the package ${name} is not installed (npm ci in bench/http/peers)` : undefined;
}

/** The path of a runtime's binary, if there is one. */
export function binaryOf(runtime: 'bun' | 'deno'): string | undefined {
  const path = BINARIES[runtime][process.arch];
  if (process.platform !== 'linux' || path === undefined) return undefined;
  const file = fileURLToPath(new URL(`node_modules/${path}`, FOLDER));
  return existsSync(file) ? file : undefined;
}

/** Names of the packages that must be there and are not, or in another version. Binaries are optional: not every machine has them. */
function stale(): string[] {
  const { dependencies } = read('package.json')!;
  return Object.keys(dependencies).filter((name) => {
    return read(`node_modules/${name}/package.json`)?.version !== dependencies[name];
  });
}

function read(path: string): Manifest | undefined {
  const url = new URL(path, FOLDER);
  return existsSync(url) ? (JSON.parse(readFileSync(url, 'utf8')) as Manifest) : undefined;
}
