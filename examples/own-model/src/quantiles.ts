import { asStored, type Codebooks, ConfigError, type Rows, type TokenizerDefinition } from '@seqrec/models';
import { z } from 'zod';

const schema = z.strictObject({
  kind: z.literal('own/quantiles'),
  levels: z.int().min(1).max(16).default(3).describe('Columns of the vectors that are read, the first ones.'),
  codes: z.int().min(2).max(65_536).default(4).describe('Codes of a level: cells with as many items each.'),
});

/** Inner bounds of a column between cells of as many rows each, the same where values repeat. */
function boundsOf({ count, width, values }: Rows, column: number, cells: number): number[] {
  const sorted = Float64Array.from({ length: count }, (_, row) => values[row * width + column]).sort();
  return Array.from({ length: cells - 1 }, (_, cell) => sorted[Math.floor(((cell + 1) * count) / cells)]);
}

/** Codes by the bounds of each level, `[levels, codes - 1]`. */
function codebooks(bounds: Rows): Codebooks {
  const { count: levels, width: inner } = bounds;
  const sizes = new Array<number>(levels).fill(inner + 1);
  return {
    sizes,
    tensors: new Map([['bounds', bounds]]),
    async encode({ count, width, values }) {
      const codes = new Int32Array(count * levels);
      for (let row = 0; row < count; row++)
        for (let level = 0; level < levels; level++)
          for (let cell = 0; cell < inner; cell++)
            if (values[row * width + level] >= bounds.values[level * inner + cell]) codes[row * levels + level]++;
      return { count, sizes, values: codes };
    },
  };
}

/**
 * Finite scalar quantisation without a network: code `l` of an item says in which of `codes` cells of as many items
 * its number in column `l` lies. Columns of a singular value decomposition, LSA and behaviour, come with the largest
 * first.
 *
 * Source: Mentzer et al. 2023 (arXiv:2309.15505). Differs from it in: cells are quantiles, of columns that are given.
 */
export const quantiles: TokenizerDefinition<z.output<typeof schema>> = {
  kind: 'own/quantiles',
  schema,
  async fit({ levels, codes }, { vectors }) {
    if (levels > vectors.width)
      throw new ConfigError(
        `own/quantiles: expected vectors of at least ${levels} columns, a level each; got ${vectors.width}`,
        'ids.tokenizer.levels',
      );
    const bounds = Array.from({ length: levels }, (_, level) => boundsOf(vectors, level, codes)).flat();
    // As a file keeps them, so that items have the same codes afterwards.
    const own = codebooks(asStored({ count: levels, width: codes - 1, values: Float64Array.from(bounds) }));
    return { codebooks: own, codes: await own.encode!(vectors) };
  },
  codebooks: (_, { tensor }) => codebooks(tensor('bounds')),
};
