import { affine, type PlainModel, relu, row, scale, type Weights } from '../../../test-support/plain-maths.ts';
import type { DssmConfig } from '../config.ts';

/** DSSM over ids and the mean of the latest history alone: two towers of ReLU layers, the last linear. */
export function plainDssm(config: DssmConfig): PlainModel {
  const { maxHistory, queryHiddenSizes, itemHiddenSizes } = config;
  const ids = (w: Weights) => w['item.fields.item.weight'];
  const tower = (w: Weights, name: string, x: readonly number[], hidden: number): number[] => {
    let rows = [...x];
    for (let i = 0; i <= hidden; i++) {
      rows = affine(rows, w[`${name}.${i}.weight`], w[`${name}.${i}.bias`]);
      if (i < hidden) rows = rows.map(relu);
    }
    return rows;
  };
  return {
    encode: (w, { items }) => ({
      rows: items.map((_, t) => {
        const latest = items.slice(Math.max(0, t + 1 - maxHistory), t + 1);
        const mean = new Array<number>(config.embeddingDim).fill(0);
        for (const item of latest) for (const [d, x] of row(ids(w), item).entries()) mean[d] += x;
        return tower(w, 'query.tower', scale(mean, 1 / latest.length), queryHiddenSizes.length);
      }),
    }),
    itemVector: (w, item) => tower(w, 'item.tower', row(ids(w), item), itemHiddenSizes.length),
  };
}
