/**
 * Prng: numbers that look random and come from a seed. Each purpose has a stream of its own, so that drawing more for one of them does
 * not alter what another gets.
 *
 * What must hold: the same seed and stream give the same numbers on every machine: nothing but 32-bit integer arithmetic. It is the
 * generator sfc32 (Doty-Humphrey's "small fast counting", from PractRand), which passes the usual batteries and costs 3 ns.
 */
export class Prng {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, stream: string) {
    const text = `${seed}/${stream}`;
    this.a = scramble(text, 0x9e3779b9);
    this.b = scramble(text, 0x243f6a88);
    this.c = scramble(text, 0xb7e15162);
    // The first rounds still show the seed.
    for (let i = 0; i < 12; i++) this.next();
  }

  /** In [0, 2^32). */
  next(): number {
    const { a, b, c } = this;
    const sum = (a + b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * n);
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.next() < p * 0x1_0000_0000;
  }

  /** In [0, 1), with 53 random bits. */
  float(): number {
    const high = this.next() >>> 5;
    return (high * 0x400_0000 + (this.next() >>> 6)) / 0x20_0000_0000_0000;
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.next() >>> 24;
  }
}

/** 32 bits of a text: a multiplicative hash, finished so that every bit of the text matters to each of the result. */
function scramble(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 15);
}
