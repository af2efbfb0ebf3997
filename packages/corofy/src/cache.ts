/**
 * Cache: what has been compiled before, by content.
 *
 * What must hold: the key is everything that the result depends on. A cache that cannot be read or written is as good as none.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform, type TransformOptions, type TransformResult } from './transform.ts';
import { VERSION } from './version.ts';

export class Cache {
  private readonly folder: string | null;

  /** By default the folder is `node_modules/.cache/corofy` below the working directory; null: nothing is kept. */
  constructor(folder: string | null = join(process.cwd(), 'node_modules', '.cache', 'corofy')) {
    this.folder = folder;
  }

  transform(source: string, options: TransformOptions): TransformResult {
    if (this.folder === null) return transform(source, options);
    const key = createHash('sha256')
      .update(JSON.stringify([VERSION, options]))
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
