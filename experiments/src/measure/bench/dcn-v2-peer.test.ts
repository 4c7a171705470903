import { dcnV2ConfigSchema } from '@seqrec/models';
import { expect, it } from 'vitest';
import { rowPeerOf } from './row-peers.ts';

const parse = (settings: object) => dcnV2ConfigSchema.parse({ kind: 'dcn-v2', embeddingDim: 2, ...settings });

it('takes full cross layers beside or before hidden layers', () => {
  for (const structure of ['parallel', 'stacked']) expect(rowPeerOf(parse({ structure })).script).toBe('ctr_step.py');
});

it.each([{ cross: 'mixture' }, { cross: 'full', structure: 'cross' }])(
  'refuses what the peer does not have: %j',
  (settings) => {
    expect(() => rowPeerOf(parse(settings))).toThrow(
      'model: expected a DCN-V2 with full cross layers and hidden layers, which the peer has; got another dcn-v2',
    );
  },
);
