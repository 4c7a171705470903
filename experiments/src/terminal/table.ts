import { wrapText } from './format.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Between columns. */
const GAP = 2;
/** A column of names or sentences is not made narrower than this. */
const NARROWEST = 24;

/**
 * Columns of the terminal that standard output is; nothing for a file or a pipe, where lines
 * may be as long as they are.
 */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
}

/**
 * An aligned plain-text table: titles, a rule, rows. Numbers belong in right-aligned columns. Where `width`
 * is not enough, sentences of left-aligned columns are wrapped, then columns at the right are left out, and
 * a line below names them.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  const natural = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const { widths, shown } = fit(columns, rows, natural, width);
  const print = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i].align === 'right' ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join(' '.repeat(GAP))
      .trimEnd();
  const line = (cells: readonly string[]): string => {
    const wrapped = widths.map((room, i) => wrapCell(cells[i] ?? '', room));
    const height = Math.max(...wrapped.map((parts) => parts.length));
    return Array.from({ length: height }, (_, k) => print(wrapped.map((parts) => parts[k] ?? ''))).join('\n');
  };
  const hidden = columns.slice(shown).map(({ title }) => title);
  return [
    line(columns.slice(0, shown).map(({ title }) => title)),
    widths.map((room) => '-'.repeat(room)).join(' '.repeat(GAP)),
    ...rows.map(line),
    ...(hidden.length === 0 ? [] : [wrapText(`not shown for want of width: ${hidden.join(', ')}`, width ?? 80)]),
  ].join('\n');
}

/** Widths of the columns that are shown. */
function fit(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  natural: readonly number[],
  width = Number.POSITIVE_INFINITY,
): { readonly widths: readonly number[]; readonly shown: number } {
  const least = natural.map((most, i) => {
    const sentences = columns[i].align !== 'right' && rows.some((row) => (row[i] ?? '').trim().includes(' '));
    return sentences ? Math.min(most, Math.max(NARROWEST, columns[i].title.length)) : most;
  });
  const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each + GAP, -GAP);
  let shown = natural.length;
  while (shown > 1 && total(least.slice(0, shown)) > width) shown--;
  const widths = natural.slice(0, shown);
  // The widest sentences give way first.
  for (let over = total(widths) - width; over > 0; over = total(widths) - width) {
    const widest = widths.reduce((best, each, i) => (each - least[i] > widths[best] - least[best] ? i : best), 0);
    if (widths[widest] <= least[widest]) break;
    widths[widest] = Math.max(least[widest], widths[widest] - over);
  }
  return { widths, shown };
}

function wrapCell(cell: string, width: number): string[] {
  return cell.length <= width ? [cell] : wrapText(cell, width).split('\n');
}

/**
 * Key and value lines with the values in one column. Where `width` is not enough, a value goes on below itself, and
 * one for which that leaves no room below its key.
 */
export function renderPairs(
  pairs: readonly (readonly [string, string])[],
  { indent = '  ', width = terminalWidth() }: { readonly indent?: string; readonly width?: number } = {},
): string {
  const column = Math.max(...pairs.map(([key]) => key.length));
  return pairs
    .map(([key, value]) => {
      const line = `${indent}${key.padEnd(column)}  ${value}`;
      if (width === undefined || line.length <= width) return line;
      const room = width - indent.length - column - GAP;
      const fits = value.split(/\s+/).every((word) => word.length <= room);
      if (!fits || room < NARROWEST) return `${indent}${key}\n${wrapText(value, width, `${indent}    `)}`;
      const [first, ...rest] = wrapText(value, room).split('\n');
      return [`${indent}${key.padEnd(column)}  ${first}`, ...rest.map((part) => ' '.repeat(width - room) + part)].join(
        '\n',
      );
    })
    .join('\n');
}

/** Sentences of a list: each after `indent`, going on in the lines below where `width` is not enough. */
export function renderSentences(sentences: readonly string[], indent = '  ', width = terminalWidth()): string {
  return sentences
    .map((sentence) => {
      if (width === undefined) return indent + sentence;
      return `${indent}${wrapText(sentence, width, `${indent}  `).trimStart()}`;
    })
    .join('\n');
}

/** How figures are defined, as a list of sentences. */
export function renderDefinition(definition: readonly string[], width = terminalWidth()): string {
  return renderSentences(
    definition.map((line) => `- ${line}`),
    '',
    width,
  );
}
