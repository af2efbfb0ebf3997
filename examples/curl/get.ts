/**
 * libcurl, unmodified: its blocking transfers as futures, any number at once on one thread.
 *
 * What must hold: wherever libcurl would block it calls `poll`, and that call is redirected to one that waits in our event queue. `redirected`
 * is disposed of after the last transfer.
 */
import { coroutine } from 'pawl';
import { call, callback, callNow, copyBytes, Memory, pollDescriptors, redirect } from 'pawl/fiber';
import {
  curl,
  GLOBAL_DEFAULT,
  INFO_RESPONSE_CODE,
  OPT_NOSIGNAL,
  OPT_URL,
  OPT_WRITEFUNCTION,
  setLong,
  setPointer,
  setText,
} from './library.ts';

callNow(curl.curl_global_init, GLOBAL_DEFAULT);

/** From now on libcurl waits on our event queue. */
export function redirected(): Disposable {
  return redirect(
    {
      within: curl.curl_easy_perform,
      symbol: 'poll',
      arguments: ['pointer', 'size', 'int32'],
      returns: 'int32',
      failure: -1,
    },
    pollDescriptors,
  );
}

/** A response: its status, and its content as text. */
export interface Transfer {
  readonly status: number;
  readonly text: string;
}

/** One transfer, by curl_easy_perform. Cancelling it makes libcurl's wait fail, which ends the transfer. */
export const get = coroutine(function* get(url: string) {
  const handle = callNow(curl.curl_easy_init);
  const parts: Uint8Array[] = [];
  using write = callback(
    { name: 'write', arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'size', failure: 0 },
    (data, size, count) => {
      parts.push(copyBytes(data, size * count));
      return size * count;
    },
  );
  try {
    callNow(setText, handle, OPT_URL, url);
    callNow(setLong, handle, OPT_NOSIGNAL, 1n); // no signals, nor waits for a thread that looks up a name
    callNow(setPointer, handle, OPT_WRITEFUNCTION, write);
    const code = yield* call(curl.curl_easy_perform, handle);
    if (code !== 0) throw new Error(`libcurl: ${callNow(curl.curl_easy_strerror, code)} (${url})`);
    using status = new Memory(8);
    callNow(curl.curl_easy_getinfo, handle, INFO_RESPONSE_CODE, status);
    return { status: status.read('int32'), text: Buffer.concat(parts).toString() } satisfies Transfer;
  } finally {
    callNow(curl.curl_easy_cleanup, handle);
  }
});
