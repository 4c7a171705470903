import { type HistoryConfig, historyFieldsOf } from '@seqrec/models';
import type { RowPeer } from './peer.ts';
import { peerColumn, peerField } from './peer-columns.ts';

/** TransAct under DCN-V2, no window in training. */
export const transactPeer: RowPeer = {
  script: 'transact_step.py',
  has: "a TransAct with tower 'dcn-v2', order 'newest-first', padding 'hidden' and no timeWindow",
  takes: ({ tower, order, padding, timeWindow }) =>
    tower === 'dcn-v2' && order === 'newest-first' && padding === 'hidden' && timeWindow === 0,
  parts: ({ model, fields, batch }) => {
    const { kind, config, features } = model;
    const history = historyFieldsOf({ kind, userHistory: config.userHistory as HistoryConfig }, fields, features);
    const { items, tokenItems, exampleItems, padding, own } = history.read(batch);
    // An empty history is one event, of the padding item without values, as in the model.
    const events: number[] = [];
    const offsets = [0];
    for (let b = 0; b + 1 < batch.offsets.length; b++) {
      for (let t = batch.offsets[b]; t < batch.offsets[b + 1]; t++) events.push(t);
      if (batch.offsets[b] === batch.offsets[b + 1]) events.push(-1);
      offsets.push(events.length);
    }
    const at = (values: ArrayLike<number>, other: number): number[] => events.map((t) => (t < 0 ? other : values[t]));
    return {
      shapes: { history: { items: history.items, own: own.map(peerField) } },
      batch: {
        history: {
          offsets,
          items: items.map(peerColumn),
          tokenItems: at(tokenItems, padding),
          exampleItems: [...exampleItems],
          own: own.map((column) => ({ values: at(peerColumn(column).values, 0) })),
        },
      },
    };
  },
};
