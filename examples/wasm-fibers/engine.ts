/** What the engine offers of WebAssembly, as far as it is used here: Node's types know only its names. */

export interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Engine {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: Readonly<Record<string, object>> },
  ) => { readonly exports: { readonly run: object; readonly memory: Memory } };
  /** Wraps a function that gives a promise: whoever calls it from WebAssembly is suspended until that is settled. */
  readonly Suspending?: new (fn: (...args: number[]) => unknown) => object;
  /** Wraps an export whose calls may be suspended: they give promises. */
  readonly promising?: (fn: object) => (...args: readonly number[]) => Promise<number>;
}

export const engine: Engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
