/** libcurl's functions (curl.se/libcurl/c/allfuncs.html). `curl_easy_setopt` takes whatever its option takes: twice, by two types. */
import { library } from 'pawl/fiber';

const LIBCURL = { name: 'libcurl.so.4', package: 'libcurl4' };

export const curl = library(LIBCURL, {
  curl_global_init: { arguments: ['int64'], returns: 'int32' },
  curl_easy_init: { arguments: [], returns: 'pointer' },
  curl_easy_perform: { arguments: ['pointer'], returns: 'int32' },
  curl_easy_cleanup: { arguments: ['pointer'], returns: 'void' },
  curl_easy_strerror: { arguments: ['int32'], returns: 'string' },
  curl_easy_getinfo: { arguments: ['pointer', 'int32', 'pointer'], returns: 'int32' },
});

export const setPointer = library(LIBCURL, {
  curl_easy_setopt: { arguments: ['pointer', 'int32', 'pointer'], returns: 'int32' },
}).curl_easy_setopt;
export const setText = library(LIBCURL, {
  curl_easy_setopt: { arguments: ['pointer', 'int32', 'string'], returns: 'int32' },
}).curl_easy_setopt;
export const setLong = library(LIBCURL, {
  curl_easy_setopt: { arguments: ['pointer', 'int32', 'int64'], returns: 'int32' },
}).curl_easy_setopt;

export const GLOBAL_DEFAULT = 3n;
export const OPT_NOSIGNAL = 99;
export const OPT_URL = 10002;
export const OPT_WRITEFUNCTION = 20011;
export const INFO_RESPONSE_CODE = 0x200002;
