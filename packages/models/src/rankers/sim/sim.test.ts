import { describe, expect, it } from 'vitest';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { all, times } from '../../test-support/plain-rows.ts';
import { describeRowFormulas } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { plainRetrieval } from '../eta/test-support/plain.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { sameCategory } from './category-search.ts';
import { simConfigSchema } from './config.ts';
import { createSim, simNet } from './sim.ts';

const sizes = { shortEvents: 2, topK: 2 };
const config = simConfigSchema.parse({
  ...{ kind: 'sim', embeddingDim: 3, embeddingStd: 0.7, hiddenSizes: [6, 4], attentionDim: 4, ...sizes },
});
describeRowFormulas({
  sim: {
    net: (options) => simNet(config, options),
    plain: (w, rows) =>
      plainSequence(
        w,
        rows,
        plainRetrieval({ heads: 2, ...sizes }, (of, item, event) => {
          const key = times(all(of, 'search.W_b.weight'), event);
          return times(all(of, 'search.W_a.weight'), item).reduce((sum, a, i) => sum + a * key[i], 0);
        }),
      ),
    // The choice has no gradient: it is trained by the logits of its own branch.
    idle: [
      ...['search.W_a.weight', 'search.W_b.weight'],
      ...[0, 1, 2].flatMap((i) => [`search.deep.${i}.weight`, `search.deep.${i}.bias`]),
    ],
    maxEvents: 4,
  },
});
describeFuxiCtr({ sim: fuxiCtrFile('sim') });

describe('category search', () => {
  it('takes the newest events that share an id, of which missing and unknown ones are none', () => {
    const genres = {
      kind: 'rows',
      size: 6,
      values: Int32Array.of(2, 3, 3, 4, 0, 1, 5),
      offsets: Int32Array.of(0, 2, 4, 5, 6, 7),
    } as const;
    const columns = {
      items: [genres],
      exampleItems: Int32Array.of(0, 2, 3),
      tokenItems: Int32Array.of(1, 4, 0, 1, 2, 3),
      padding: 2,
      own: [],
      missing: [],
    };
    const taken = sameCategory(genres, columns, Int32Array.of(0, 4, 5, 6), 2);
    expect([...taken.rows.dataSync()]).toEqual([3, 2, 6, 6, 6, 6]);
    expect([...taken.seen.dataSync()]).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('names the features of items when the category is none, and refuses one of numbers', () => {
    const given = simConfigSchema.parse({ kind: 'sim', embeddingDim: 4, search: 'category', category: 'genre' });
    expect(() => createSim(given, { numUsers: 2, numItems: 2 })).toThrow(
      'model config (sim): category: expected one of the features of items, item; got genre',
    );
    const price = { kind: 'number', width: 1, values: Float32Array.of(0, 1, 2) } as const;
    const features = { features: [], items: new Map([['genre', price]]), trained: new Uint8Array(3) };
    expect(() => createSim(given, { numUsers: 2, numItems: 2, features })).toThrow(
      'model config (sim): category: expected a feature of items whose values are ids; got genre, numbers',
    );
    const { error } = simConfigSchema.safeParse({ kind: 'sim', embeddingDim: 4, category: 'genre' });
    expect(error?.issues[0].message).toContain("it with search 'category', and there always");
  });
});

it('has the defaults that are documented', () => {
  const given = { kind: 'sim', embeddingDim: 4 } as const;
  const own = { shortEvents: 10, topK: 10, attentionDim: 64, numHeads: 2, mask: 'events', search: 'soft' };
  expect(simConfigSchema.parse(given)).toEqual({ ...given, ...sequenceDefaults, ...own });
});
