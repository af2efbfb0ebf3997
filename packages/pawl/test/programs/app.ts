/** An application for `pawl serve`: says what it was asked for, and takes its time at `/slow`. */
import { setTimeout as after } from 'node:timers/promises';

export default {
  greeting: 'you asked for',
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/slow') await after(300);
    return new Response(`${this.greeting} ${pathname}`);
  },
};
