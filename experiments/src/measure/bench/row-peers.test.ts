import { dcnV2ConfigSchema, hstuRankerConfigSchema, transactConfigSchema } from '@seqrec/models';
import { expect, it } from 'vitest';
import { rowPeerOf } from './row-peers.ts';

const dcn = (settings: object) => dcnV2ConfigSchema.parse({ kind: 'dcn-v2', embeddingDim: 2, ...settings });
const transact = (settings: object) => transactConfigSchema.parse({ kind: 'transact', embeddingDim: 2, ...settings });
const ranker = (settings: object) =>
  hstuRankerConfigSchema.parse({
    ...{ kind: 'hstu-ranker', embeddingDim: 4, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4, userId: false },
    ...settings,
  });

it('takes full cross layers beside or before hidden layers', () => {
  for (const structure of ['parallel', 'stacked']) expect(rowPeerOf(dcn({ structure })).script).toBe('ctr_step.py');
});

it('takes TransAct and HSTU as a ranker in the form that is the default', () => {
  expect(rowPeerOf(transact({})).script).toBe('transact_step.py');
  expect(rowPeerOf(ranker({})).script).toBe('hstu_ranker_step.py');
});

it.each([
  dcn({ cross: 'mixture' }),
  dcn({ structure: 'cross' }),
  transact({ tower: 'mlp' }),
  transact({ order: 'oldest-first' }),
  transact({ padding: 'pinterest' }),
  transact({ timeWindow: 60 }),
  ranker({ form: 'interleave' }),
  ranker({ userId: true }),
  ranker({ maxAttentionLength: 5 }),
  ranker({ actions: { kind: 'column', column: 'done', bits: 2 } }),
])('refuses what the peer does not have, %#', (config) => {
  expect(() => rowPeerOf(config)).toThrow(
    /^model: expected an? .*, which the peer has; got another (dcn-v2|transact|hstu-ranker)/,
  );
});

it('refuses a model without a peer', () => {
  expect(() => rowPeerOf({ kind: 'lr' })).toThrow('model: expected a kind that has a peer in PyTorch; got lr');
});
