import type { TokenEncoder } from '@seqrec/models';

/** Trained numbers of a model: all, and those that are no row of the item or position table. */
export function countParameters(model: TokenEncoder): { readonly total: number; readonly encoder: number } {
  let total = 0;
  let tables = 0;
  for (const [name, variable] of model.variables()) {
    total += variable.size;
    if (/_item_emb|_pos_emb|input\.positions/.test(name)) tables += variable.size;
  }
  return { total, encoder: total - tables };
}
