/** The fetch surface: Request, Response and Headers as frameworks know them, made of messages that came in and go out. */
export type { Answer, AnswerBody } from './answer.ts';
export { answerOf, isResponse } from './answer-of.ts';
export { installGlobals } from './globals.ts';
export { LightHeaders } from './headers.ts';
export { LazyRequest, type RequestSite, type SignalSource, toPlatformRequest } from './request.ts';
export { LightResponse } from './response.ts';
