/** corofy: the compiler of `coroutine(async (…) => …)`, as a library. */
export { formatDiagnostic, type Diagnostic, type Severity } from './diagnostics.ts';
export { register, type RegisterOptions } from './hook.ts';
export type { Compiled } from './machine/file.ts';
export type { BackEnd } from './machine/layout.ts';
export type { SourceMap } from './output/source-map.ts';
export { teach, type TeachOptions, type TeachResult } from './teach/teach.ts';
export { mayBeMarked } from './syntax/marked.ts';
export { transform, type TransformOptions, type TransformResult } from './transform.ts';
