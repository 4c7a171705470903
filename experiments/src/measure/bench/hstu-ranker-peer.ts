import type { SequenceBatch } from '@seqrec/data';
import type { RowPeer } from './peer.ts';

/** What the program has; the rest of a configuration is sizes. */
const has = {
  itemId: true,
  userId: false,
  form: 'sum',
  attention: 'silu',
  outputNorm: 'layer',
  contextSees: 'history',
  shortHistoryCounts: 'history',
  ageScale: 'sqrt',
  postNorm: 'layer',
} as const;

/** HSTU as a ranker: the item's id, features of users, ratings as actions. */
export const hstuRankerPeer: RowPeer = {
  script: 'hstu_ranker_step.py',
  has: `an HSTU ranker whose actions are ratings, with ${JSON.stringify(has)} and without maxAttentionLength`,
  takes: (config) =>
    Object.entries(has).every(([key, value]) => config[key] === value) &&
    config.maxAttentionLength === undefined &&
    (config.actions as { readonly kind?: unknown }).kind === 'ratings',
  parts: ({ model: { config }, batch }) => {
    const { offsets, itemIds, timestamps, ratings, exampleItems, exampleTimes } = batch;
    const rowOffsets = batch.rowOffsets ?? offsets.map((_, b) => b);
    const requestTimes = Array.from(batch.users, (_, b) =>
      config.queryTime === 'history' ? newest(batch, b) : (exampleTimes?.[rowOffsets[b]] ?? 0),
    );
    return {
      batch: {
        request: {
          eventOffsets: [...offsets],
          rowOffsets: [...rowOffsets],
          items: [...itemIds, ...(exampleItems ?? [])],
          times: [...timestamps],
          requestTimes,
          ratings: [...(ratings ?? [])],
        },
      },
    };
  },
};

function newest({ offsets, timestamps }: SequenceBatch, b: number): number {
  return offsets[b + 1] > offsets[b] ? timestamps[offsets[b + 1] - 1] : 0;
}
