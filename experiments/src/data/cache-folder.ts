import { join } from 'node:path';

/** Where what was read or fitted is kept for the next time, under the current folder. */
export const CACHE_FOLDER = join('.cache', 'seqrec');
