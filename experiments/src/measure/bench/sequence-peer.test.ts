import { expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import { sequenceObjective } from './sequence-peer.ts';

async function check(recipe: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const overrides = Object.entries(settings).map(([key, text]) => ({ key, text }));
  const { config } = await resolveConfig({ recipe, overrides });
  sequenceObjective(config);
}

it.each([
  ['ml-1m/hstu', {}],
  ['ml-1m/hstu-large', {}],
  ['ml-1m/sasrec', {}],
  ['ml-20m/hstu', {}],
  ['ml-100k/hstu', { 'model.numHeads': '2', 'model.dqk': '4', 'model.linearDropout': '0.1' }],
  ['ml-1m/sasrec', { 'model.ffnDim': '7', 'model.initialStd': '0.5', 'objective.numNegatives': '3' }],
  ['ml-1m/hstu', { 'objective.negativeItems': 'trained', 'objective.temperature': '0.1' }],
])('%s with %j is a model that the peers have', async (recipe, settings) => {
  await check(recipe, settings);
});

it.each([
  ['ml-1m/hstu', { 'model.maxAttentionLength': '8' }, 'model.maxAttentionLength: expected nothing'],
  ['ml-1m/hstu', { 'model.block': 'production' }, 'model.attentionScale: expected "one"'],
  ['ml-1m/hstu', { 'model.relativeBias': 'none' }, 'model.relativeBias: expected "position-time"'],
  ['ml-1m/hstu', { 'model.concat': 'true' }, 'model.concat: expected false'],
  ['ml-1m/hstu', { 'model.similarity': 'dot' }, 'model.similarity: expected'],
  ['ml-1m/hstu', { 'objective.labels.minRating': '5' }, 'objective.labels: expected {"kind":"next-item"}'],
  [
    'ml-1m/hstu',
    { 'model.actions': 'interleave', 'objective.actionWeight': '0.5' },
    'model.actions: expected "none", which the peers have; got "interleave"',
  ],
  ['ml-1m/sasrec', { 'model.activation': 'gelu' }, 'model.activation: expected "relu"'],
  ['ml-1m/sasrec', { 'model.itemDropout': '0.1' }, 'model.itemDropout'],
  ['ml-1m/sasrec', { 'objective.kind': 'full-softmax' }, 'objective.kind: expected sampled-softmax'],
  ['ml-1m/sasrec', { 'optimizer.kind': 'adagrad' }, 'optimizer.kind: expected adamw'],
  ['ml-1m/gru4rec', {}, 'model.kind: expected one that has a peer in PyTorch (hstu, sasrec)'],
])('%s with %j is another one', async (recipe, settings, message) => {
  await expect(check(recipe, settings)).rejects.toThrow(message);
});
