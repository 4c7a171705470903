import { describe, expect, it } from 'vitest';
import { attentionMask, type HstuMask, numVisibleKeys } from './mask.ts';

/**
 * Keys one by one: those up to the query, of them the ones in the window, the first ones, or
 * all for the newest queries.
 */
function counted(config: HstuMask, length: number, i: number): number {
  const { maxAttentionLength = length, globalAttentionLength = 0, minFullAttentionLength = 0 } = config;
  let seen = 0;
  for (let j = 0; j <= i; j++) {
    if (i - j <= maxAttentionLength || j < globalAttentionLength || i >= length - minFullAttentionLength) seen++;
  }
  return seen;
}

describe('a window', () => {
  const lengths = [undefined, 1, 2, 5];
  const configs = lengths.flatMap((maxAttentionLength) =>
    lengths.flatMap((globalAttentionLength) =>
      lengths.map((minFullAttentionLength) =>
        maxAttentionLength === undefined ? {} : { maxAttentionLength, globalAttentionLength, minFullAttentionLength },
      ),
    ),
  );

  it('shows each query the keys that a loop over them counts', () => {
    for (const config of configs) {
      for (const length of [1, 2, 7, 8]) {
        for (let i = 0; i < length; i++) {
          expect(numVisibleKeys(config, length, i), JSON.stringify({ config, length, i })).toBe(
            counted(config, length, i),
          );
        }
      }
    }
  });

  it('is a mask of what is given, and none without', () => {
    expect(attentionMask({})).toStrictEqual({});
    expect(attentionMask({ maxAttentionLength: 3 })).toStrictEqual({ mask: { maxAttentionLength: 3 } });
    const all = { maxAttentionLength: 3, globalAttentionLength: 2, minFullAttentionLength: 1 };
    expect(attentionMask(all)).toStrictEqual({ mask: all });
  });
});
