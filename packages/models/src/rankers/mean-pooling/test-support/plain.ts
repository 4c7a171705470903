import type { PlainPool } from '../../sequence/test-support/plain.ts';
import { weighted } from '../../sequence/test-support/plain.ts';

export const plainMean: PlainPool = (_, { events, padding }, b) =>
  weighted(
    events[b],
    events[b].map(() => 1 / events[b].length),
    padding.length,
  );
