/** HTTP/1.1. */
// Ordinary async code awaits what is here, with nothing else of the package loaded.
import '../task/ambient.ts';
export { type BodyOptions, IncomingBody } from './body.ts';
export type { BodySource } from './body-source.ts';
export { HttpError, type HttpCode } from './error.ts';
export { installGlobals, LightHeaders, LightResponse, toPlatformRequest } from './fetch/index.ts';
export { Fields, type FieldsInit } from './fields.ts';
export type { Answer, AnswerBody, AnswerParts } from './server/answer.ts';
export type { Exchange, Handled, ServerLimits, ServerOptions, ServerTimeouts } from './server/options.ts';
export { ServerRequest } from './server/request.ts';
export { type DirectOptions, type Fetched, type FetchOptions, serve } from './server/serve.ts';
export { type CloseOptions, Server } from './server/server.ts';
export { Client, get, request } from './client/client.ts';
export { fetch } from './client/fetch.ts';
export type { RequestBody } from './client/content.ts';
export type { ClientOptions, RequestOptions, RequestTimeouts } from './client/options.ts';
export { ClientResponse } from './client/response.ts';
