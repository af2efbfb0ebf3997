/** Testing with Pawl: the platform that follows a source of time and randomness. */
export { installPlatform } from './platform/install.ts';
export type { PlatformSource, TimerTerms, TimerToken } from './platform/source.ts';
export { Clock } from './clock.ts';
export { withClock, type ClockBody, type ClockOptions } from './with-clock.ts';
