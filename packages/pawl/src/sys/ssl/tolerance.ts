/**
 * A verification callback that goes on after every error: for a server that asks for certificates and takes those that are not good, too. What
 * was wrong is the verification's result all the same (SSL_CTX_set_verify(3)).
 */
import { makeCallback } from '../ffi/index.ts';

let callback: bigint | null = null;

/** This thread's. */
export function tolerance(): bigint {
  return (callback ??= makeCallback({ return: 'int32', arguments: ['int32', 'uint64'] }, () => 1));
}
