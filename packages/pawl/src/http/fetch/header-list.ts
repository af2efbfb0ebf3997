/**
 * HeaderList: names in small letters with their values, in the order they were put in; what stands behind a Headers.
 *
 * What must hold: a name occurs once, its values joined, except set-cookie, whose values cannot be joined. What is put in has been checked.
 * One flat array: a message has few headers, and a search among them is cheaper than a map's making.
 */
export class HeaderList {
  /** name, value, name, value, … */
  entries: string[];
  /** A value has a control character in it, which Headers may hold and HTTP may not send. */
  odd = false;

  constructor(entries: string[] = []) {
    this.entries = entries;
  }

  copy(): HeaderList {
    const copy = new HeaderList(this.entries.slice());
    copy.odd = this.odd;
    return copy;
  }

  get(name: string): string | null {
    if (name === 'set-cookie') {
      const all = this.getAll(name);
      return all.length === 0 ? null : all.join(', ');
    }
    const at = this.find(name);
    return at < 0 ? null : (this.entries[at + 1] as string);
  }

  getAll(name: string): string[] {
    const { entries } = this;
    const all: string[] = [];
    for (let at = 0; at < entries.length; at += 2) if (entries[at] === name) all.push(entries[at + 1] as string);
    return all;
  }

  has(name: string): boolean {
    return this.find(name) >= 0;
  }

  append(name: string, value: string): void {
    const { entries } = this;
    const at = name === 'set-cookie' ? -1 : this.find(name);
    if (at < 0) this.add(name, value);
    // Cookies are one list of pairs (RFC 6265, section 4.2.1); the platform does the same.
    else entries[at + 1] = `${entries[at + 1]}${name === 'cookie' ? '; ' : ', '}${value}`;
  }

  set(name: string, value: string): void {
    const at = this.find(name);
    if (at < 0) {
      this.add(name, value);
      return;
    }
    this.entries[at + 1] = value;
    if (name === 'set-cookie') this.remove(name, at + 2);
  }

  delete(name: string): void {
    this.remove(name, 0);
  }

  /** Sorted by name, as they are iterated; each a pair of its own. */
  sorted(): [name: string, value: string][] {
    const { entries } = this;
    const pairs: [string, string][] = [];
    for (let at = 0; at < entries.length; at += 2) pairs.push([entries[at] as string, entries[at + 1] as string]);
    // Stable: the cookies that are set stay in order.
    return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  private add(name: string, value: string): void {
    // An empty array grows to seventeen places; most messages need two.
    if (this.entries.length === 0) this.entries = [name, value];
    else this.entries.push(name, value);
  }

  private find(name: string): number {
    const { entries } = this;
    for (let at = 0; at < entries.length; at += 2) if (entries[at] === name) return at;
    return -1;
  }

  private remove(name: string, from: number): void {
    const { entries } = this;
    let kept = from;
    for (let at = from; at < entries.length; at += 2) {
      if (entries[at] === name) continue;
      entries[kept] = entries[at] as string;
      entries[kept + 1] = entries[at + 1] as string;
      kept += 2;
    }
    entries.length = kept;
  }
}
