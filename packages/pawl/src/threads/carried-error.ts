/**
 * Errors on their way between threads: with their stack, code, cause and own properties.
 *
 * What must hold: a PawlError arrives as one, an error of the language's as one of its class; the stack is that of the thread where it was
 * thrown. Whatever else was thrown arrives as itself where it can be cloned, else as its text. Structured cloning alone would lose the code, the
 * own properties, and the name of any class that it does not know.
 */
import { PawlError } from '../error/index.ts';

/** An error as a message carries it. */
export type CarriedError =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly name: string;
      /** A DOMException, whose code follows from its name. */
      readonly dom: boolean;
      readonly message: string;
      readonly stack: string | undefined;
      /** Its other own properties; those that hold errors are carried likewise. */
      readonly properties: readonly (readonly [key: string, enumerable: boolean, value: CarriedError])[];
    };

/** How deep causes are followed: one that leads back to itself ends somewhere. */
const DEPTH = 8;

/** Those that hold errors get them with their other properties. */
const CLASSES: Readonly<Record<string, (message: string) => Error>> = {
  AggregateError: (message) => new AggregateError([], message),
  EvalError: (message) => new EvalError(message),
  RangeError: (message) => new RangeError(message),
  ReferenceError: (message) => new ReferenceError(message),
  SuppressedError: (message) => new SuppressedError(undefined, undefined, message),
  SyntaxError: (message) => new SyntaxError(message),
  TypeError: (message) => new TypeError(message),
  URIError: (message) => new URIError(message),
};

export function packError(error: unknown, depth: number = DEPTH): CarriedError {
  if (!(error instanceof Error)) return packValue(error, depth);
  const properties: [string, boolean, CarriedError][] = [];
  for (const [key, { value, enumerable = false }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (key === 'stack' || key === 'message' || typeof value === 'function') continue;
    if (depth > 0) properties.push([key, enumerable, packError(value, depth - 1)]);
  }
  const { name, message, stack } = error;
  return { kind: 'error', name, dom: error instanceof DOMException, message, stack, properties };
}

function packValue(value: unknown, depth: number): CarriedError {
  if (Array.isArray(value) && value.some((item) => item instanceof Error))
    return {
      kind: 'value',
      value: value.map((item) => packError(item, depth - 1)).map((packed) => new Packed(packed)),
    };
  try {
    return { kind: 'value', value: structuredClone(value) };
  } catch {
    return { kind: 'value', value: String(value) };
  }
}

/** Marks an element of an array of errors (those of an AggregateError); a message carries it as a plain object. */
class Packed {
  readonly 'pawl.error': CarriedError;

  constructor(error: CarriedError) {
    this['pawl.error'] = error;
  }
}

export function unpackError(carried: CarriedError): unknown {
  if (carried.kind === 'value') {
    const { value } = carried;
    return Array.isArray(value) ? value.map(unpackItem) : value;
  }
  const { name, dom, message, stack, properties } = carried;
  const values = new Map(properties.map(([key, , value]) => [key, unpackError(value)]));
  const code = values.get('code');
  const error = create(name, dom, message, code);
  for (const [key, enumerable] of properties) {
    Object.defineProperty(error, key, { value: values.get(key), enumerable, writable: true, configurable: true });
  }
  // Of a class that this thread does not have, or that is built differently.
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function create(name: string, dom: boolean, message: string, code: unknown): Error {
  if (dom) return new DOMException(message, name);
  if (name === 'PawlError' && typeof code === 'string') return new PawlError(code, message);
  return Object.hasOwn(CLASSES, name) ? CLASSES[name]!(message) : new Error(message);
}

function unpackItem(item: unknown): unknown {
  const packed = (item as Partial<Packed> | null)?.['pawl.error'];
  return packed === undefined ? item : unpackError(packed);
}
