/**
 * What of the platform cannot follow a source, because its answers come from the real world or from other threads: refused by name.
 *
 * What must hold: only a call that is made within the source's world is refused. A module that such a call loads by `require` is read from
 * the disk as ever.
 */
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import module from 'node:module';
import net from 'node:net';
import os from 'node:os';
import workers from 'node:worker_threads';
import zlib from 'node:zlib';
import type { Callable, Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';

/** The functions of a module, but not its classes. */
const functions = (target: object): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(target))
    .filter(([key, { configurable, value }]) => configurable && typeof value === 'function' && /^[a-z]/.test(key))
    .map(([key]) => key);

interface Place {
  /** What calls are named by. */
  readonly name: string;
  readonly target: object;
  readonly keys: readonly string[];
}

function places(): Place[] {
  const work = ['pbkdf2', 'scrypt', 'hkdf', 'argon2', 'generateKeyPair', 'generateKey', 'generatePrime', 'checkPrime'];
  const keys = ['generateKeyPairSync', 'generateKeySync', 'generatePrimeSync', 'createECDH', 'createDiffieHellman'];
  return [
    { name: 'fs.', target: fs, keys: functions(fs) },
    { name: 'fs.promises.', target: fs.promises, keys: functions(fs.promises) },
    { name: 'net.', target: net, keys: ['connect', 'createConnection', 'createServer'] },
    { name: 'net.Socket.', target: net.Socket.prototype, keys: ['connect'] },
    { name: 'net.Server.', target: net.Server.prototype, keys: ['listen'] },
    { name: 'http.', target: http, keys: ['request', 'get', 'createServer'] },
    { name: 'https.', target: https, keys: ['request', 'get', 'createServer'] },
    { name: 'dgram.', target: dgram, keys: ['createSocket'] },
    { name: 'dns.', target: dns, keys: ['lookup', 'lookupService', 'reverse', ...resolvers(dns)] },
    {
      name: 'dns.promises.',
      target: dns.promises,
      keys: ['lookup', 'lookupService', 'reverse', ...resolvers(dns.promises)],
    },
    { name: 'child_process.', target: childProcess, keys: functions(childProcess) },
    { name: 'worker_threads.', target: workers, keys: ['Worker', 'MessageChannel', 'BroadcastChannel'] },
    {
      name: 'zlib: a stream.',
      target: Object.getPrototypeOf(Object.getPrototypeOf(zlib.Gzip.prototype)) as object,
      keys: ['_transform'],
    },
    { name: 'crypto.', target: crypto, keys: [...work, ...keys] },
    { name: 'crypto.subtle.', target: SubtleCrypto.prototype, keys: functions(SubtleCrypto.prototype) },
    { name: 'os.', target: os, keys: ['freemem', 'loadavg', 'uptime'] },
    {
      name: 'process.',
      target: process,
      keys: ['cpuUsage', 'threadCpuUsage', 'memoryUsage', 'resourceUsage', 'exit', 'abort', 'kill'],
    },
    { name: 'Atomics.', target: Atomics, keys: ['wait', 'waitAsync'] },
    { name: '', target: globalThis, keys: ['fetch', 'WebSocket', 'MessageChannel', 'BroadcastChannel'] },
  ];
}

function resolvers(target: object): string[] {
  return functions(target).filter((key) => key.startsWith('resolve'));
}

export function refuseRealWorld(patches: Patches, source: PlatformSource): void {
  if (source.refuse === undefined) return;
  // Made at their first use, of sockets: what the program prints must not be refused for that.
  void process.stdout;
  void process.stderr;
  let loading = 0;
  const check = (call: string): void => {
    if (patches.live && !patches.syncing && loading === 0 && source.active()) source.refuse?.(call);
  };
  for (const { keys, name, target } of places()) {
    for (const key of keys) {
      const original = (target as Record<string, unknown>)[key];
      if (typeof original === 'function') patches.set(target, key, refused(original, `${name}${key}`, check));
    }
  }
  patches.read(process, 'stdin', (original) => () => {
    check('process.stdin');
    return original.call(process);
  });
  patches.wrap(
    module,
    '_load',
    (original) =>
      function (...args) {
        loading++;
        try {
          return original.apply(this, args as unknown[]);
        } finally {
          loading--;
        }
      },
  );
}

/** A proxy, so that what hangs on the function (`realpath.native`, a class's statics) and its prototype are still there. */
function refused(original: object, call: string, check: (call: string) => void): object {
  return new Proxy(original, {
    apply(target, self, args) {
      check(call);
      return Reflect.apply(target as Callable, self, args);
    },
    construct(target, args, newTarget) {
      check(call);
      return Reflect.construct(target as new () => object, args, newTarget) as object;
    },
  });
}
