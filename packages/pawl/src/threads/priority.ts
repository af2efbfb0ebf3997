/** Which of the calls that wait for a thread is taken first: one of a higher priority, however late it has come. */
export type Priority = 'high' | 'normal' | 'low';

export const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low'];
