import type { RowPeer } from './peer.ts';

export const dcnV2Peer: RowPeer = {
  script: 'ctr_step.py',
  has: 'a DCN-V2 with full cross layers and hidden layers',
  takes: ({ cross, structure }) => cross === 'full' && structure !== 'cross',
};
