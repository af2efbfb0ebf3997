/**
 * The rungs of the ladder: every file `examples/chNN/ID-name.ts`. Its first comment says in its first sentence what it shows.
 *
 * What must hold: an id is the chapter's number and, where there are several, a letter; no two files share one.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PawlError } from 'pawl';

export interface Rung {
  /** `8b`. */
  readonly id: string;
  readonly chapter: number;
  /** Relative to the project's root. */
  readonly file: string;
  /** In one sentence. */
  readonly shows: string;
}

/** The project's root. */
export const root: string = join(import.meta.dirname, '../..');

/** All rungs, in the order of their ids. */
export function findRungs(): Rung[] {
  const files = globSync('examples/ch[0-9][0-9]/[0-9]*-*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
  const rungs = files.map(rungOf).sort((a, b) => a.chapter - b.chapter || (a.id < b.id ? -1 : 1));
  const twice = rungs.find(({ id }, i) => rungs[i + 1]?.id === id);
  if (twice !== undefined) throw new PawlError('BAD_ARGUMENT', `two files claim to be rung ${twice.id}`);
  return rungs;
}

function rungOf(file: string): Rung {
  const { folder, id = '', number } = /ch(?<folder>\d\d)\/(?<id>(?<number>\d+)[a-z]?)-/.exec(file)?.groups ?? {};
  const shows = /^\/\*\*(?<text>[^]*?)\*\//.exec(readFileSync(join(root, file), 'utf8'))?.groups?.['text'];
  const sentence = /^.*?\.(?=\s|$)/.exec((shows ?? '').replaceAll(/\s*\n? \*\s+/g, ' ').trim())?.[0];
  if (sentence === undefined || Number(folder) !== Number(number)) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `${file} is no rung: its name wants its chapter's number, and it begins with what it shows`,
    );
  }
  return { id, chapter: Number(number), file, shows: sentence.slice(0, -1) };
}

/** The rungs that `name` means: `8b` is one, `8` a chapter, `all` all. Throws BAD_ARGUMENT with the near ones for any other. */
export function chosen(name: string, rungs: readonly Rung[] = findRungs()): readonly Rung[] {
  if (name === 'all') return rungs;
  const these = rungs.filter(({ id, chapter }) => id === name || String(chapter) === name);
  if (these.length > 0) return these;
  throw new PawlError(
    'BAD_ARGUMENT',
    `there is no rung ${JSON.stringify(name)}: near are ${near(name, rungs)
      .map(({ id }) => id)
      .join(', ')}`,
  );
}

/** Those of the same chapter, else those whose files are named by the word, else those with the same letter, else all. */
function near(name: string, rungs: readonly Rung[]): readonly Rung[] {
  const number = Number.parseInt(name, 10);
  const word = name.toLowerCase();
  const letter = /(?<=\d)[a-z]$/.exec(word)?.[0] ?? ' ';
  const kinds = [
    rungs.filter(({ chapter }) => chapter === number),
    rungs.filter(({ file }) => file.slice(file.lastIndexOf('-')).includes(word) || file.includes(`-${word}`)),
    rungs.filter(({ id }) => id.endsWith(letter)),
  ];
  return kinds.find(({ length }) => length > 0) ?? rungs;
}
