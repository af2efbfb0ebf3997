/** The loader that webpack is given by the plugin. */
import { formatDiagnostic } from '../diagnostics.ts';
import { chained, type InputMap } from '../output/chain.ts';
import type { SourceMap } from '../output/source-map.ts';
import { compileModule, type PluginOptions } from './compile.ts';

export interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): PluginOptions;
  emitWarning(warning: Error): void;
  callback(error: Error | null, code?: string, map?: SourceMap | InputMap): void;
}

export default function (this: LoaderContext, source: string, input?: InputMap | null): void {
  // oxlint-disable-next-line oxc/no-this-in-exported-function -- webpack calls a loader on its context.
  load(this, source, input ?? null);
}

function load(context: LoaderContext, source: string, input: InputMap | null): void {
  const { resourcePath } = context;
  const result = compileModule(source, resourcePath, context.getOptions(), resourcePath);
  const map = result?.map ?? null;
  const errors = result?.diagnostics.filter(({ severity }) => severity === 'error') ?? [];
  if (errors.length > 0) {
    context.callback(new SyntaxError(errors.map((one) => formatDiagnostic(one, source)).join('\n')));
    return;
  }
  for (const one of result?.diagnostics ?? []) context.emitWarning(new Error(formatDiagnostic(one, source)));
  if (result === null || map === null) context.callback(null, source, input ?? undefined);
  else context.callback(null, result.code, input === null ? map : chained(map, input));
}
