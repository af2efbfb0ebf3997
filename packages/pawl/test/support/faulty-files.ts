/**
 * The native driver with a disk that is looked at: what is asked of it is written down, and one operation of it can be made to fail, before or
 * after it has been done.
 */
import { defaultDriver } from '../../src/driver/default.ts';
import type { Driver } from '../../src/driver/driver.ts';
import type { FileHandle, Operation } from '../../src/driver/files.ts';
import { PawlError } from '../../src/error/index.ts';
import type { Context } from '../../src/future/context.ts';
import { PENDING, type Poll } from '../../src/future/poll.ts';

export interface FaultyDisk {
  readonly driver: Driver;
  /** `open`, `write`, `rename`, …: in the order in which they were begun. */
  readonly log: string[];
}

/** `failing` counts operations from 0; Infinity: none fails. */
export function faultyDisk(failing: number, when: 'before' | 'after' = 'before'): FaultyDisk {
  const real = defaultDriver();
  const log: string[] = [];

  const watched = (name: string, operation: Operation<unknown>): Operation<unknown> => {
    let begun = false;
    let fails = false;
    const fail = (value: unknown): never => {
      // What has been opened for nobody.
      if (typeof (value as Disposable | undefined) === 'object') (value as FileHandle | null)?.close?.();
      throw new PawlError('EIO', `EIO: i/o error, ${name}`, { errno: -5, syscall: name });
    };
    return {
      poll(cx: Context): Poll<unknown> {
        if (!begun) {
          begun = true;
          fails = log.length === failing;
          log.push(name);
        }
        if (fails && when === 'before') fail(undefined);
        const value = operation.poll(cx);
        return fails && value !== PENDING ? fail(value) : value;
      },
      cancel: (cx) => operation.cancel(cx),
    };
  };

  const handleOf = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, key): unknown {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          return isOperation(result) ? watched(String(key), result) : result;
        };
      },
    });

  const files = new Proxy(real.files, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        if (!isOperation(result)) return result;
        return watched(String(key), key === 'open' ? opening(result as Operation<FileHandle>, handleOf) : result);
      };
    },
  });
  const driver = new Proxy(real, {
    get(target, key): unknown {
      if (key === 'files') return files;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { driver, log };
}

function isOperation(value: unknown): value is Operation<unknown> {
  return typeof (value as Partial<Operation<unknown>> | undefined)?.poll === 'function';
}

function opening(operation: Operation<FileHandle>, wrap: (handle: FileHandle) => FileHandle): Operation<FileHandle> {
  return {
    poll(cx): Poll<FileHandle> {
      const handle = operation.poll(cx);
      return handle === PENDING ? PENDING : wrap(handle);
    },
    cancel: (cx) => operation.cancel(cx),
  };
}
