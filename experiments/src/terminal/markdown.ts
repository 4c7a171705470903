/** A Markdown table, columns padded to one width. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = titles.map((_, i) => Math.max(3, ...all.map((cells) => cells[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(all[0]), line(widths.map((width) => '-'.repeat(width))), ...all.slice(1).map(line)].join('\n');
}
