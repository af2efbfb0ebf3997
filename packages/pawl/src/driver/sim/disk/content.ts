/** Content: the bytes of a file, which grow as they are written. Reading beyond the end gives nothing; a gap is zeros. */
export class Content {
  length = 0;
  private memory = new Uint8Array(0);

  read(target: Uint8Array, at: number): number {
    const count = Math.max(Math.min(target.length, this.length - at), 0);
    if (count > 0) target.set(this.memory.subarray(at, at + count));
    return count;
  }

  write(source: Uint8Array, at: number): void {
    const end = at + source.length;
    this.reserve(end);
    this.memory.set(source, at);
    if (end > this.length) this.length = end;
  }

  /** Cuts it, or makes it longer by zeros. */
  truncate(length: number): void {
    if (length < this.length) this.memory.fill(0, length, this.length);
    else this.reserve(length);
    this.length = length;
  }

  copy(): Content {
    const copy = new Content();
    copy.memory = this.memory.slice(0, this.length);
    copy.length = this.length;
    return copy;
  }

  private reserve(length: number): void {
    if (length <= this.memory.length) return;
    const memory = new Uint8Array(Math.max(length, this.memory.length * 2, 64));
    memory.set(this.memory.subarray(0, this.length));
    this.memory = memory;
  }
}
