/** Chained source maps: of a source that was itself generated, to what that was generated from. */
import { SourceMap as Decoded } from 'node:module';
import { Mappings, segmentsOf, type SourceMap } from './source-map.ts';

/** A map that somebody else has made. */
export interface InputMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
  readonly mappings: string;
}

/** The map from the output to the first sources: `map` leads to the text that `input` is the map of. */
export function chained(map: SourceMap, input: InputMap): SourceMap {
  const decoded = new Decoded(input as never);
  const sources = new Map<string, number>();
  const mappings = new Mappings();
  let at = 0;
  for (const [line, column, sourceLine, sourceColumn] of segmentsOf(map.mappings)) {
    const entry = decoded.findEntry(sourceLine, sourceColumn);
    // What lies on an earlier line is only the last thing that is known.
    if (!('originalLine' in entry) || entry.generatedLine !== sourceLine) continue;
    for (; at < line; at++) mappings.newline();
    let source = sources.get(entry.originalSource);
    if (source === undefined) sources.set(entry.originalSource, (source = sources.size));
    mappings.add(column, entry.originalLine, entry.originalColumn, source);
  }
  const names = [...sources.keys()];
  const contents = names.map((name) => input.sourcesContent?.[input.sources.indexOf(name)] ?? '');
  return { version: 3, sources: names, sourcesContent: contents, names: [], mappings: mappings.toString() };
}

/** The map that a text ends with, when it is written into it. */
export function inlineMapOf(text: string): InputMap | null {
  const found = text
    .match(/^\/\/[#@] sourceMappingURL=data:application\/json[^,\s]*;base64,[A-Za-z0-9+/=]+$/gm)
    ?.at(-1);
  if (found === undefined) return null;
  try {
    return JSON.parse(Buffer.from(found.slice(found.indexOf(',') + 1), 'base64').toString()) as InputMap;
  } catch {
    return null;
  }
}
