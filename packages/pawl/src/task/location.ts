/**
 * Where suspended generators stand, as `file:line:column`: asked of the engine through an inspector session on this very thread.
 *
 * What must hold: for dumps and reports only. The first call costs some 4 ms, and later ones 0.15 ms a generator; a source file that has not
 * been met before costs a list of all scripts (10 to 30 ms). Nothing is paused, and no session is left open. Where there is no inspector,
 * or it is forbidden, no line is known.
 *
 * The lines are those of the file that Node has loaded: type stripping keeps a TypeScript source's own. Compiled code is mapped back
 * where Node itself does so (`--enable-source-maps`).
 */
import type { Session } from 'node:inspector';
import type { Place } from '../future/place.ts';

interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

/** How an object is handed to the session: by a property of the global object, for the length of one call. */
const HANDOVER = Symbol.for('pawl.handover');
const urls = new Map<string, string>();

/** One answer for each generator; undefined where it is running, has ended, or the engine does not tell. */
export function locate(generators: readonly object[]): (Place | undefined)[] {
  if (generators.length === 0) return [];
  const session = connect();
  if (session === null) return generators.map(() => undefined);
  try {
    const found = ask(session, generators);
    if (found.some((one) => one !== undefined && !urls.has(one.at.scriptId))) learnScripts(session);
    return found.map((one) => {
      const line = one === undefined ? undefined : show(one.at);
      return line === undefined ? undefined : { line, name: one?.name };
    });
  } catch {
    // The engine's protocol is not ours to promise.
    return generators.map(() => undefined);
  } finally {
    session.disconnect();
  }
}

function connect(): Session | null {
  try {
    const inspector = process.getBuiltinModule('node:inspector');
    const session = new inspector.Session();
    session.connect();
    return session;
  } catch {
    // No inspector in this build, or the permission model forbids it.
    return null;
  }
}

interface Found {
  readonly at: Location;
  readonly name: string | undefined;
}

function ask(session: Session, generators: readonly object[]): (Found | undefined)[] {
  const holder = globalThis as { [HANDOVER]?: unknown };
  Object.defineProperty(holder, HANDOVER, { value: generators, configurable: true });
  try {
    const list = post<{ result: { objectId: string } }>(session, 'Runtime.evaluate', {
      expression: `globalThis[Symbol.for('pawl.handover')]`,
    }).result.objectId;
    const { result } = post<{ result: { name: string; value?: { objectId?: string } }[] }>(
      session,
      'Runtime.getProperties',
      { objectId: list, ownProperties: true },
    );
    const ids = new Map(result.map(({ name, value }) => [name, value?.objectId]));
    return generators.map((_, index) => locationOf(session, ids.get(String(index))));
  } finally {
    delete holder[HANDOVER];
  }
}

function locationOf(session: Session, objectId: string | undefined): Found | undefined {
  if (objectId === undefined) return undefined;
  const { internalProperties = [] } = post<{
    internalProperties?: { name: string; value?: { value?: unknown; description?: string } }[];
  }>(session, 'Runtime.getProperties', { objectId, ownProperties: true });
  let state: unknown;
  let at: Location | undefined;
  let source = '';
  for (const { name, value } of internalProperties) {
    if (name === '[[GeneratorState]]') state = value?.value;
    if (name === '[[GeneratorLocation]]') at = value?.value as Location;
    if (name === '[[GeneratorFunction]]') source = value?.description ?? '';
  }
  if (state !== 'suspended' || at === undefined) return undefined;
  // `function* name(` or, of a method, `*name(`.
  return { at, name: /^(?:function)?\s*\*\s*([\w$]+)\s*\(/.exec(source)?.[1] };
}

function learnScripts(session: Session): void {
  session.on('Debugger.scriptParsed', ({ params }) => void urls.set(params.scriptId, params.url));
  post(session, 'Debugger.enable');
  post(session, 'Debugger.disable');
}

function show({ scriptId, lineNumber, columnNumber = 0 }: Location): string | undefined {
  const url = urls.get(scriptId);
  if (url === undefined || url === '') return undefined;
  const mapped = process.getBuiltinModule('node:module').findSourceMap(url)?.findEntry(lineNumber, columnNumber);
  if (mapped !== undefined && 'originalSource' in mapped) {
    return place(mapped.originalSource, mapped.originalLine, mapped.originalColumn);
  }
  return place(url, lineNumber, columnNumber);
}

function place(url: string, line: number, column: number): string {
  return `${url.replace(/^file:\/\//, '')}:${line + 1}:${column + 1}`;
}

/** A session on the same thread answers before `post` returns. */
function post<R>(session: Session, method: string, params: object = {}): R {
  let answer: R | undefined;
  let failure: Error | null = null;
  session.post(method, params, (error: Error | null, result?: object) => {
    failure = error;
    answer = result as R;
  });
  if (failure !== null) throw failure;
  return answer as R;
}
