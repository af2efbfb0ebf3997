/** The compiler over code that others have written: the async functions of the development dependencies. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSync } from 'oxc-parser';
import { root } from '../../pawl/test/support/command.ts';
import { formatDiagnostic, transform, type Diagnostic, type TransformResult } from '../src/index.ts';

const SOURCES: Readonly<Record<string, { readonly files: string; readonly least: number }>> = {
  undici: { files: 'undici/lib/**/*.js', least: 12 },
  '@redis/client': { files: '@redis/client/dist/lib/**/*.js', least: 50 },
  'fast-check': { files: 'fast-check/lib/**/*.js', least: 10 },
  'p-queue and async-sema': { files: '{p-queue,async-sema,p-limit}/dist/**/*.js', least: 3 },
};

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** The source with its async functions marked, methods and generators excepted; null when it is no module. */
function marked(source: string): { readonly text: string; readonly count: number } | null {
  const { program, errors } = parseSync('a.js', source, { sourceType: 'module', preserveParens: true });
  if (errors.length > 0) return null;
  const edits: { at: number; text: string }[] = [];
  let count = 0;
  const visit = (node: unknown, parent: Node | null): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, parent);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const method = parent !== null && (parent.type === 'MethodDefinition' || parent['method'] === true);
    if (/^(?:Arrow)?Function/.test(one.type) && one['async'] === true && one['generator'] !== true && !method) {
      const declares = one.type === 'FunctionDeclaration';
      const exported = parent?.type.startsWith('Export') === true;
      if (!declares || !exported) {
        count++;
        const name = (one['id'] as { name: string } | null)?.name;
        edits.push({ at: one.start, text: declares ? `var ${name} = $mark(` : '$mark(' });
        edits.push({ at: one.end, text: declares ? ');' : ')' });
      }
    }
    for (const value of Object.values(one)) if (typeof value === 'object') visit(value, one);
  };
  visit(program.body, null);
  let text = '';
  let from = 0;
  for (const { at, text: inserted } of edits.sort((a, b) => a.at - b.at)) {
    text += source.slice(from, at) + inserted;
    from = at;
  }
  return { text: `${text}${source.slice(from)}\nimport { coroutine as $mark } from 'pawl';\n`, count };
}

for (const [name, { files, least }] of Object.entries(SOURCES))
  test(`the async functions of ${name} are compiled: the result parses, and its map is valid`, () => {
    let functions = 0;
    const found: string[] = globSync(files, { cwd: join(root, 'node_modules') });
    for (const file of found) {
      const source = readFileSync(join(root, 'node_modules', file), 'utf8');
      if (!source.includes('async')) continue;
      const input = marked(source);
      if (input === null || input.count === 0) continue;
      for (const backEnd of ['auto', 'closure'] as const) {
        const result: TransformResult = transform(input.text, { file, backEnd });
        const { code, map, diagnostics, compiled } = result;
        const errors: Diagnostic[] = diagnostics.filter(isError);
        assert.deepEqual(
          errors.map((one): string => formatDiagnostic(one, input.text)),
          [],
        );
        assert.equal(compiled.length, input.count, file);
        const parsed = parseSync(file, code, { sourceType: 'module', showSemanticErrors: true });
        assert.deepEqual(parsed.errors, [], `${file}\n${code}`);
        checkMap(map as NonNullable<typeof map>, code, input.text);
      }
      functions += input.count;
    }
    assert.ok(functions >= least, `only ${functions} functions`);
  });

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

/** Every segment lies within both texts. */
function checkMap(map: { readonly mappings: string }, code: string, source: string): void {
  const lines = code.split('\n');
  const sourceLines = source.split('\n');
  assert.equal(map.mappings.split(';').length, lines.length);
  const decoded = new SourceMap(map as never);
  for (const [line, text] of lines.entries()) {
    const entry = decoded.findEntry(line, text.length);
    if (!('originalLine' in entry)) continue;
    assert.ok(entry.generatedColumn <= text.length || entry.generatedLine < line);
    assert.ok(entry.originalColumn <= (sourceLines[entry.originalLine] as string).length);
  }
}
