/** HTTP/1.1. */
export { HttpError, type HttpCode } from './error.ts';
export { Fields, type FieldsInit } from './fields.ts';
