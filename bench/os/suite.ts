/** The os suite: datagrams against node:dgram, files against node:fs/promises, and children against node:child_process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEntries } from '../harness/entry.ts';
import type { Suite } from '../harness/suite.ts';
import { entriesOf, FILE_BYTES, FOLDER, FILES_PER_DIRECTORY } from './measures.ts';

export const os: Suite = {
  name: 'os',
  about:
    'datagrams against node:dgram; directories and files against node:fs/promises; children against node:child_process',
  async run(options) {
    options.note(
      'CPU time of all threads of a process; medians of alternating rounds; NODE_ENV=production. Everything that is read is in the page cache.',
    );
    const entries = options.quick ? 10_000 : 100_000;
    const folder = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
    try {
      options.progress(`making ${entries} files`);
      make(folder, entries);
      process.env[FOLDER] = folder;
      return await runEntries('os', import.meta.url, entriesOf(entries), options);
    } finally {
      delete process.env[FOLDER];
      rmSync(folder, { recursive: true });
    }
  },
};

/** A tree of so many entries in all, and a file. */
function make(folder: string, entries: number): void {
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  let left = entries;
  for (let d = 0; left > 0; d++) {
    const directory = join(tree, `directory-${d}`);
    mkdirSync(directory);
    left--;
    for (let f = 0; f < FILES_PER_DIRECTORY && left > 0; f++, left--) writeFileSync(join(directory, `file-${f}`), '');
  }
  writeFileSync(
    join(folder, 'file'),
    new Uint8Array(FILE_BYTES).map((_, i) => i >> 12),
  );
}
