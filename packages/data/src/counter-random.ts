import { createHash } from 'node:crypto';
import { type CounterRandom, keyedRandom } from './philox.ts';

/** The numbers of a named key, for example `counterRandom(seed, 'windows', epoch)`; different keys are unrelated. */
export function counterRandom(...key: readonly (number | string)[]): CounterRandom {
  return keyedRandom(createHash('sha256').update(JSON.stringify(key)).digest().readInt32LE(0));
}
