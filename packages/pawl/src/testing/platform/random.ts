/**
 * Randomness that follows a source: Math.random, Web Crypto and node:crypto.
 *
 * What must hold: the original is asked first wherever it checks arguments, so that bad ones fail as ever. What a callback was given for
 * is called back by the source's immediate, not by a thread.
 */
import crypto from 'node:crypto';
import type { Callable, Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';

/** Numbers below this are drawn from so many bytes: those that randomInt allows. */
const SPAN = 2 ** 48;

type Draw = Required<Pick<PlatformSource, 'random' | 'fill'>>;

export function patchRandom(patches: Patches, source: PlatformSource): void {
  if (source.random === undefined || source.fill === undefined) return;
  const draw = source as PlatformSource & Draw;
  const active = (): boolean => patches.live && source.active();
  const follow = (target: object, key: string, make: (original: Callable) => Callable): void =>
    patches.wrap(target, key, (original) => {
      const following = make(original);
      return function (...args) {
        return (active() ? following : original).apply(this, args as unknown[]);
      };
    });

  follow(Math, 'random', () => () => draw.random());
  for (const target of [crypto, Crypto.prototype]) {
    follow(
      target,
      'randomUUID',
      (original) =>
        function (...args) {
          original.apply(this, args as unknown[]);
          return uuid(draw, 4);
        },
    );
  }
  follow(crypto, 'randomUUIDv7', (original) => (...args) => {
    original(...args);
    return uuid(draw, 7, source.wallTime());
  });
  follow(
    Crypto.prototype,
    'getRandomValues',
    (original) =>
      function (target) {
        original.call(this, target);
        fill(draw, target as ArrayBufferView, 0);
        return target;
      },
  );
  patchBytes(draw, follow);
  // Old names of randomBytes, each an accessor that replaces itself when it is read.
  for (const key of ['pseudoRandomBytes', 'prng', 'rng']) {
    patches.read(crypto, key, (original) => () => (active() ? crypto.randomBytes : original.call(crypto)));
  }
}

function patchBytes(
  draw: PlatformSource & Draw,
  follow: (target: object, key: string, make: (original: Callable) => Callable) => void,
): void {
  /** With a callback as the last argument, answers to it. */
  const answering =
    (call: (args: readonly unknown[]) => unknown): Callable =>
    (...args) => {
      const callback = args.at(-1);
      if (typeof callback !== 'function') return call(args);
      const value = call(args.slice(0, -1));
      draw.immediate(() => (callback as Callable)(null, value));
      return undefined;
    };
  follow(crypto, 'randomBytes', (original) =>
    answering((args) => {
      const bytes = original(...args);
      draw.fill(bytes as Uint8Array);
      return bytes;
    }),
  );
  const { randomFillSync } = crypto as unknown as Record<string, Callable>;
  const refill = ([target, offset, size]: readonly unknown[]): unknown => {
    (randomFillSync as Callable)(target, offset, size);
    fill(
      draw,
      target as ArrayBufferView | ArrayBuffer,
      (offset as number | undefined) ?? 0,
      size as number | undefined,
    );
    return target;
  };
  follow(
    crypto,
    'randomFillSync',
    () =>
      (...args) =>
        refill(args),
  );
  follow(crypto, 'randomFill', () => answering(refill));
  follow(crypto, 'randomInt', (original) =>
    answering((args) => {
      original(...args);
      const [low, high] = (args.length === 1 ? [0, args[0]] : args) as [number, number];
      return low + below(draw, high - low);
    }),
  );
}

/** Fills a part of an array; offset and size count its elements. */
function fill(draw: Draw, target: ArrayBufferView | ArrayBuffer, offset: number, size?: number): void {
  if (!ArrayBuffer.isView(target)) {
    draw.fill(new Uint8Array(target).subarray(offset, size === undefined ? undefined : offset + size));
    return;
  }
  const width = (target as Partial<Uint8Array>).BYTES_PER_ELEMENT ?? 1;
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  draw.fill(bytes.subarray(offset * width, size === undefined ? undefined : (offset + size) * width));
}

/** Fair: what lies beyond the last whole multiple is drawn again. */
function below(draw: Draw, range: number): number {
  const limit = SPAN - (SPAN % range);
  const bytes = Buffer.alloc(6);
  for (;;) {
    draw.fill(bytes);
    const value = bytes.readUIntBE(0, 6);
    if (value < limit) return value % range;
  }
}

/** RFC 9562, 5.4 and 5.7. */
function uuid(draw: Draw, version: 4 | 7, wallTime = 0): string {
  const bytes = Buffer.alloc(16);
  draw.fill(bytes);
  if (version === 7) bytes.writeUIntBE(Math.floor(wallTime), 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
