import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { randomSource } from '@seqrec/data';

export interface EventLogOptions {
  readonly rows: number;
  readonly users: number;
  readonly items: number;
  readonly seed: number;
}

/** Seconds by which an event may be written late. */
const delay = 86_400;

/**
 * Writes a log as a service would: `userId,movieId,rating,timestamp`, users interleaved, the times of a few years
 * nearly but not quite in order, popular items often. The same options give the same bytes.
 */
export async function writeEventLog(
  path: string,
  options: EventLogOptions,
  onRows: (rows: number) => void = () => {},
): Promise<void> {
  const { rows, users, items, seed } = options;
  const random = randomSource(seed, 'event log');
  const stream = createWriteStream(path, { highWaterMark: 1 << 20 });
  const step = 1e8 / rows;
  let text = 'userId,movieId,rating,timestamp\n';
  for (let row = 0; row < rows; row++) {
    const user = 1 + random.integer(users);
    const item = 1 + Math.floor(items * random.uniform() ** 3);
    const rating = (1 + random.integer(10)) / 2;
    const time = Math.floor(1e9 + row * step + delay * random.uniform());
    text += `${user},${item},${rating},${time}\n`;
    if (text.length < 1 << 20) continue;
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
    onRows(row + 1);
  }
  stream.end(text);
  await once(stream, 'finish');
}
