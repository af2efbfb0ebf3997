/**
 * Disposer: the resources of a compiled block's `using` and `await using` declarations.
 *
 * What must hold: they are disposed of in reverse order, each once, whatever the others throw. Errors of several, and of the block itself,
 * become SuppressedErrors, the latest outermost (ECMA-262, DisposeResources).
 */
type Dispose = () => unknown;

export class Disposer {
  private readonly resources: { readonly value: unknown; readonly dispose: Dispose; readonly awaits: boolean }[] = [];
  private failed = false;
  private error: unknown = undefined;

  /** Declares the resource of a `using`. */
  use<V>(value: V): V {
    if (value === null || value === undefined) return value;
    this.add(value, method(value, Symbol.dispose), false);
    return value;
  }

  /** Declares the resource of an `await using`. */
  useAsync<V>(value: V): V {
    if (value === null || value === undefined) return value;
    const own: unknown = (value as unknown as Partial<AsyncDisposable>)[Symbol.asyncDispose];
    if (own !== undefined && own !== null) this.add(value, callable(own, 'Symbol.asyncDispose'), true);
    else {
      const dispose = method(value, Symbol.dispose);
      // What a synchronous disposal returns is not waited for.
      this.add(value, () => void Reflect.apply(dispose, value, []), true);
    }
    return value;
  }

  private add(value: unknown, dispose: Dispose, awaits: boolean): void {
    this.resources.push({ value, dispose, awaits });
  }

  /** The block, or a disposal, has failed. */
  fail(error: unknown): void {
    this.error = this.failed
      ? new SuppressedError(error, this.error, 'An error was suppressed during disposal')
      : error;
    this.failed = true;
  }

  /** Disposes of resources up to one that is to be awaited: true, with what to await in `awaited`. */
  step(): boolean {
    for (;;) {
      const resource = this.resources.pop();
      if (resource === undefined) return false;
      try {
        const result: unknown = Reflect.apply(resource.dispose, resource.value, []);
        if (!resource.awaits) continue;
        this.awaited = result;
        return true;
      } catch (error) {
        this.fail(error);
      }
    }
  }
  awaited: unknown = undefined;

  /** Throws what has failed. */
  end(): void {
    if (this.failed) throw this.error;
  }
}

function method(value: unknown, key: typeof Symbol.dispose): Dispose {
  if (typeof value !== 'object' && typeof value !== 'function')
    throw new TypeError(`a ${typeof value} cannot be disposed of`);
  return callable((value as unknown as Partial<Disposable>)[key], 'Symbol.dispose');
}

function callable(dispose: unknown, name: string): Dispose {
  if (typeof dispose !== 'function') throw new TypeError(`Property [${name}] is not a function.`);
  return dispose as Dispose;
}
