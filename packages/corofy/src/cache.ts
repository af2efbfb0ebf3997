/**
 * Cache: what has been compiled before, by content.
 *
 * What must hold: the key is everything that the result depends on. A cache that cannot be read or written is as good as none.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  private readonly folder: string | null;

  /** By default the folder is `node_modules/.cache/corofy` below the working directory; null: nothing is kept. */
  constructor(folder: string | null = join(process.cwd(), 'node_modules', '.cache', 'corofy')) {
    this.folder = folder;
  }

  transform(source: string, options: TransformOptions): TransformResult {
    if (this.folder === null) return transform(source, options);
    const key = createHash('sha256')
      .update(JSON.stringify([VERSION, SOURCES, options]))
      .update(source)
      .digest('hex');
    const path = join(this.folder, `${key}.json`);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as TransformResult;
    } catch {
      // Not there yet, or unreadable.
    }
    const result = transform(source, options);
    try {
      mkdirSync(this.folder, { recursive: true });
      const temporary = `${path}.${process.pid}`;
      writeFileSync(temporary, JSON.stringify(result));
      renameSync(temporary, path);
    } catch {
      // A file system that is read-only: the next run compiles again.
    }
    return result;
  }
}
