import type { StoredIds } from '@seqrec/models';

/**
 * Items and their codes as tab-separated values with a header, which `ids.tokenizer.kind file` reads. Where an id would
 * be taken for more than a field all stand in quotes, as a reader looks for quotes at the first rows alone.
 */
export function codesTable({ items, codes }: StoredIds): string {
  const levels = codes.sizes.length;
  const inQuotes = items.some((item) => /[\t"\r\n]/.test(item));
  const said = (id: string): string => (inQuotes ? `"${id.replaceAll('"', '""')}"` : id);
  const head = [said('item'), ...codes.sizes.map((_, level) => `code${level + 1}`)].join('\t');
  const rows = items.map((item, row) =>
    [said(item), ...codes.values.subarray(row * levels, (row + 1) * levels)].join('\t'),
  );
  return `${[head, ...rows].join('\n')}\n`;
}
