/**
 * Cache: what has been compiled before, by content.
 *
 * What must hold: the key is everything that the result depends on. A cache that cannot be read or written is as good as none.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transform, type TransformOptions, type TransformResult } from './transform.ts';
import { VERSION } from './version.ts';

/** When the compiler's own sources changed last, where it runs from them: its version does not tell. */
const SOURCES = import.meta.url.endsWith('.ts')
  ? Math.max(
      ...readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
    )
  : 0;

export class Cache {
  private readonly folder: string | null | undefined;
  /** Of folders with sources, where their results are kept. */
  private readonly folders = new Map<string, string | null>();

  /** By default a file's folder is `.cache/corofy` in the nearest node_modules above it, if there is one; null: nothing is kept. */
  constructor(folder?: string | null) {
    this.folder = folder;
  }

  transform(source: string, options: TransformOptions & { readonly file: string }): TransformResult {
    const folder = this.folder === undefined ? this.folderOf(dirname(options.file)) : this.folder;
    if (folder === null) return transform(source, options);
    const key = createHash('sha256')
      .update(JSON.stringify([VERSION, SOURCES, options]))
      .update(source)
      .digest('hex');
    const path = join(folder, `${key}.json`);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as TransformResult;
    } catch {
      // Not there yet, or unreadable.
    }
    const result = transform(source, options);
    try {
      mkdirSync(folder, { recursive: true });
      const temporary = `${path}.${process.pid}`;
      writeFileSync(temporary, JSON.stringify(result));
      renameSync(temporary, path);
    } catch {
      // A file system that is read-only: the next run compiles again.
    }
    return result;
  }

  private folderOf(sources: string): string | null {
    const known = this.folders.get(sources);
    if (known !== undefined) return known;
    const modules = join(sources, 'node_modules');
    const above = dirname(sources);
    let folder: string | null = null;
    if (existsSync(modules)) folder = join(modules, '.cache', 'corofy');
    else if (above !== sources) folder = this.folderOf(above);
    this.folders.set(sources, folder);
    return folder;
  }
}
