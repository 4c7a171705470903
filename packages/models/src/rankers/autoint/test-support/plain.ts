import { plainNorm } from '../../../test-support/plain-norm.ts';
import {
  affine,
  all,
  type PlainRows,
  plainField,
  plainHidden,
  plainVectors,
  plus,
  range,
  times,
  type Vector,
  type Weights,
} from '../../../test-support/plain-rows.ts';
import type { AutoIntConfig } from '../config.ts';

function plainLayer(w: Weights, name: string, x: readonly Vector[], config: AutoIntConfig): Vector[] {
  const { heads, attentionDim, useScale, useResidual, layerNorm } = config;
  const width = attentionDim / heads;
  const [q, k, v] = ['query', 'key', 'value'].map((map) => x.map((field) => times(all(w, `${name}.${map}`), field)));
  return x.map((field, i) => {
    const mixed = range(heads).flatMap((h) => {
      const scores = k.map((key) => {
        const score = range(width).reduce((sum, c) => sum + q[i][h * width + c] * key[h * width + c], 0);
        return Math.exp(useScale ? score / Math.sqrt(width) : score);
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      return range(width).map((c) => v.reduce((sum, value, j) => sum + (scores[j] / total) * value[h * width + c], 0));
    });
    const skipped = w.has(`${name}.residual`) ? times(all(w, `${name}.residual`), field) : field;
    const summed = useResidual ? plus(mixed, skipped) : mixed;
    return (layerNorm ? plainNorm(w, `${name}.norm`, summed) : summed).map((value) => Math.max(0, value));
  });
}

export function plainAutoInt(w: Weights, rows: PlainRows, config: AutoIntConfig): number[][] {
  return range(rows.rows).map((b) => {
    const vectors = plainVectors(w, rows, b);
    let x = vectors;
    for (let i = 0; i < config.attentionLayers; i++) x = plainLayer(w, `attention.${i}`, x, config);
    let logits = affine(w, 'head', x.flat());
    if (config.hiddenSizes.length > 0) {
      logits = plus(logits, plainHidden(w, 'deep', vectors.flat(), config.hiddenSizes.length));
    }
    if (config.useWide) {
      for (const [f, name] of rows.names.entries()) {
        logits = plus(logits, plainField(w, `linear.${name}.weight`, rows.columns[f], b, 'sum'));
      }
    }
    return logits;
  });
}
