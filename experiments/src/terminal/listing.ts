import { markdownTable } from './markdown.ts';
import { type Column, renderPairs, renderTable } from './table.ts';

/** A part of what a measurement shows: facts, sentences, or a table. */
export type Block =
  | { readonly pairs: readonly (readonly [string, string])[] }
  | { readonly lines: readonly string[] }
  | { readonly title?: string; readonly columns: readonly Column[]; readonly rows: readonly (readonly string[])[] };

/** What a measurement shows, once for the terminal and for the docs. */
export type Listing = readonly Block[];

/** A table of numbers: the columns of `left` (default: the first) hold names, the others figures. */
export function figures(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { left = [0], title }: { readonly left?: readonly number[]; readonly title?: string } = {},
): Block {
  const columns = titles.map((title, i) => ({
    title,
    align: left.includes(i) ? ('left' as const) : ('right' as const),
  }));
  return { columns, rows, ...(title !== undefined && { title }) };
}

/** Sentences; none where there is nothing to say. */
export function lines(...texts: readonly (string | undefined | false)[]): Listing {
  const said = texts.filter((text): text is string => typeof text === 'string');
  return said.length === 0 ? [] : [{ lines: said }];
}

/** As plain text, blocks apart by a blank line. */
export function renderListing(listing: Listing): string {
  return listing
    .map((block) => {
      if ('pairs' in block) return renderPairs(block.pairs);
      if ('lines' in block) return block.lines.join('\n');
      const table = renderTable(block.columns, block.rows);
      return block.title === undefined ? table : `${block.title}\n\n${table}`;
    })
    .join('\n\n');
}

/** As Markdown: facts and sentences as lists, tables as tables. */
export function markdownListing(listing: Listing): string {
  return listing
    .map((block) => {
      if ('pairs' in block) return block.pairs.map(([key, value]) => `- ${key}: ${escaped(value)}`).join('\n');
      if ('lines' in block) return block.lines.map((line) => `- ${escaped(line.trim())}`).join('\n');
      const table = markdownTable(
        block.columns.map(({ title }) => title),
        block.rows,
      );
      return block.title === undefined ? table : `${escaped(block.title)}:\n\n${table}`;
    })
    .join('\n\n');
}

/** Settings in braces are code, and what stands between angle brackets is no tag. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll(/\{[^}]*\}/g, (settings) => `\`${settings}\``);
}
