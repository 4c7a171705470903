/** `readSync` or `writeSync`: returns how many bytes it moved. */
export type FileCall = (fd: number, bytes: Uint8Array, at: number, length: number, position: number) => number;

/**
 * Moves the first `length` bytes of a buffer; the system may take a part of them at a time.
 *
 * @throws Error of the file system, or for a file that ends before.
 */
export function moveBytes(call: FileCall, fd: number, buffer: Uint8Array, length: number, position: number): void {
  for (let at = 0; at < length; ) {
    const count = call(fd, buffer, at, length - at, position + at);
    if (count === 0) throw new Error(`${length} bytes at ${position} end after ${at}`);
    at += count;
  }
}
