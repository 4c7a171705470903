import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.ts';

/**
 * The bytes of a gzip file; what is wrong with its own chunks is told as it is.
 *
 * @throws {DataError} `bad-gzip` for a file that is no gzip, or not all of one
 */
export async function* gunzipped(
  chunks: AsyncIterable<Uint8Array>,
  place: { readonly file: string; readonly entry?: string },
): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(chunks);
  const stream = packed.pipe(createGunzip({ chunkSize: 1 << 18 }));
  // `pipe` does not forward errors.
  packed.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError('openFiles', 'expected a whole gzip file; got a damaged one', {
      code: 'bad-gzip',
      ...place,
      hint: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  } finally {
    packed.destroy();
    stream.destroy();
  }
}

/** Whether a file is named as a gzip file is. */
export function isGzip(name: string): boolean {
  return /\.gz$/i.test(name);
}
