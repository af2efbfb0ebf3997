/** HTTP/1.1. */
export { type BodyOptions, IncomingBody } from './body.ts';
export type { BodySource } from './body-source.ts';
export { HttpError, type HttpCode } from './error.ts';
export { installGlobals, LightHeaders, LightResponse, toPlatformRequest } from './fetch/index.ts';
export { Fields, type FieldsInit } from './fields.ts';
