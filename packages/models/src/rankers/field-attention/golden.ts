import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { size } from '../../config/fields.ts';
import type { GoldenFile } from '../../golden/file.ts';
import { compareModule, configOf, parseModule } from '../../golden/module.ts';
import type { GoldenReport } from '../../golden/report.ts';
import { tokenAttention } from '../../layers/token-attention.ts';
import { TokenMap } from '../../layers/token-map.ts';
import { mapForms } from './block.ts';
import { attentionForms } from './config.ts';

const fileConfig = z.object({
  kind: z.enum(attentionForms),
  tokens: size,
  dim: size,
  heads: size,
  dk: size,
  dv: size,
  rank: size,
  rankValue: size,
});

/** Files of attention among the tokens of a row: weights, what it gives, every gradient. */
export async function checkFieldAttention(json: GoldenFile): Promise<GoldenReport> {
  const file = parseModule(json);
  const { kind, tokens, dim, heads, dk, dv, rank, rankValue } = configOf(fileConfig, file);
  const map = (outputDim: number, own: number, stream: string): TokenMap =>
    new TokenMap({
      form: mapForms[kind],
      tokens,
      inputDim: dim,
      outputDim,
      ...(kind === 'hiformer' && { rank: own }),
      stream,
    });
  const maps = {
    query: map(heads * dk, rank, 'query'),
    key: map(heads * dk, rank, 'key'),
    value: map(heads * dv, rankValue, 'value'),
  };
  const places = Object.entries(maps).flatMap(([name, layer]) =>
    layer.names.map((own) => {
      const theirs = { weight: name, left: `${name}Left`, right: `${name}Right` }[own] as string;
      return [theirs, { variable: layer.weight(own) }] as const;
    }),
  );
  const { weights } = file.outputs;
  const [batch, ofHeads, asking, asked] = weights.shape;
  const byToken = tf.tidy(() =>
    tf.transpose(tf.tensor4d(weights.data, [batch, ofHeads, asking, asked]), [0, 2, 1, 3]).dataSync(),
  );
  const width = ofHeads * asked;
  // Weights as rows of tokens too: heads side by side.
  const outputs = { ...file.outputs, weights: { shape: [batch, asking, width], data: Array.from(byToken) } };
  return compareModule({
    golden: { ...file, outputs },
    places: Object.fromEntries(places),
    forward: (rows) => {
      const x = tf.reshape(rows, [batch, tokens, dim]) as tf.Tensor3D;
      const made = tokenAttention(maps.query.forward(x), maps.key.forward(x), maps.value.forward(x), { heads });
      const flat = (of: tf.Tensor, columns: number): tf.Tensor2D => tf.reshape(of, [batch * tokens, columns]);
      return {
        y: flat(made.y, heads * dv),
        weights: flat(tf.transpose(made.weights, [0, 2, 1, 3]), width),
      };
    },
  });
}
