import type { StoredIds } from '@seqrec/models';

/** Items and their codes as tab-separated values with a header, which `ids.tokenizer.kind file` reads. */
export function codesTable({ items, codes }: StoredIds): string {
  const levels = codes.sizes.length;
  const head = ['item', ...codes.sizes.map((_, level) => `code${level + 1}`)].join('\t');
  const rows = items.map((item, row) => [item, ...codes.values.subarray(row * levels, (row + 1) * levels)].join('\t'));
  return `${[head, ...rows].join('\n')}\n`;
}
