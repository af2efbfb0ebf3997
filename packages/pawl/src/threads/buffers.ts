/** The buffers of a value that are moved with it: its own, and those of what it directly holds. */

export function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (item: unknown): void => {
    const buffer = ArrayBuffer.isView(item) ? item.buffer : item;
    // A small Buffer of Node's lies in memory that others use.
    if (Buffer.isBuffer(item) && item.byteLength !== item.buffer.byteLength) return;
    if (buffer instanceof ArrayBuffer && !buffer.detached) found.add(buffer);
  };
  look(value);
  if (Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]')
    for (const item of Object.values(value as object)) look(item);
  return [...found];
}
