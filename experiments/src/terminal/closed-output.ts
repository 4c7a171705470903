import type { Writable } from 'node:stream';

/** A pipe whose reader has ended (`seqrec recipes | head -1`), a terminal that was closed. */
const CLOSED = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

/**
 * Lets the program go on when nobody reads its output any more: a training saves what it has. Other failures of
 * writing, for example a full disk, end it with one line.
 */
export function survivesClosedOutput(streams: readonly Writable[], fail: (message: string) => void): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!CLOSED.has(error.code ?? '')) fail(`error: output: expected to write it; ${error.message}`);
    });
  }
}
