import { expect, it } from 'vitest';
import { optimizerConfigSchema } from './optimizer-config.ts';

it.each([
  [{ kind: 'adagrad', epsilon: 1 }, 'epsilon', /expected it with AdamW, of all weights or of tables; got kind adagrad/],
  [{ kind: 'adagrad', tables: { weightDecay: 1 }, beta2: 0.9 }, 'beta2', /got kind adagrad, which does not read it/],
  [{ muon: {} }, 'muon', /expected it with kind muon; got kind adamw/],
])('settings that a rule does not read are refused: %j', (settings, key, message) => {
  const { error } = optimizerConfigSchema.safeParse({ learningRate: 1e-3, ...settings });
  expect(error?.issues).toHaveLength(1);
  expect(error?.issues[0]).toMatchObject({ path: [key], message: expect.stringMatching(message) });
});

it.each([
  { kind: 'adagrad', beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
  { kind: 'adagrad', tables: { kind: 'adamw' }, beta1: 0.5 },
  { kind: 'muon', muon: { momentum: 0.9 }, epsilon: 1e-6 },
])('settings that one reads are not, nor what was there by default: %j', (settings) => {
  expect(optimizerConfigSchema.safeParse({ learningRate: 1e-3, ...settings }).error).toBeUndefined();
});
