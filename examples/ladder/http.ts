/** As much of HTTP as the delay server needs to be asked, and to be understood when its answer comes in one piece. */

/** A request for a path; the connection may go on after it. */
export function requestFor(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** The content of an answer that is whole. */
export function bodyOf(answer: string): string {
  const end = answer.indexOf('\r\n\r\n');
  if (!answer.startsWith('HTTP/1.1 200 ') || end < 0) throw new Error(`not the answer hoped for: ${answer}`);
  return answer.slice(end + 4);
}
