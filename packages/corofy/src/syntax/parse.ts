/** Parsing: a source to its tree, or to the diagnostics of what is wrong with it. */
import { parseSync, type Program } from 'oxc-parser';
import type { Diagnostics } from '../diagnostics.ts';

type Language = 'ts' | 'tsx' | 'js' | 'jsx' | 'dts';

export function languageOf(file: string): Language {
  const extension = /\.([cm]?[jt]sx?)$/.exec(file.replace(/[?#].*$/, ''))?.[1] ?? 'ts';
  if (extension.endsWith('tsx')) return 'tsx';
  if (extension.endsWith('jsx')) return 'jsx';
  return extension.endsWith('ts') ? 'ts' : 'jsx';
}

/** The tree, or null when the source is no valid module. */
export function parse(source: string, file: string, diagnostics: Diagnostics): Program | null {
  const { program, errors } = parseSync(file, source, {
    lang: languageOf(file),
    sourceType: 'module',
    preserveParens: true,
    showSemanticErrors: true,
  });
  for (const { severity, message, labels, helpMessage } of errors) {
    if ((severity as string) !== 'Error') continue;
    const at = labels[0] ?? { start: 0, end: 0 };
    diagnostics.error(at, 'SYNTAX', helpMessage === null ? message : `${message}: ${helpMessage}`);
  }
  return diagnostics.failed ? null : program;
}
