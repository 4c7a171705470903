import { type Html, html } from './html.ts';

/** A table of a page. */
export interface TableSection {
  readonly title: string;
  readonly note?: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Numbers, also with their interval or their unit, or in brackets. */
const NUMBER = /^(?:[-+±.,%()\d\s]|\de\+|min|[sh]|[KMGT]?i?B)*$/;

/** A titled table; a long one is folded. */
export function tableSection({ title, note, titles, rows }: TableSection): Html {
  const numeric = titles.map((_, i) => rows.every((row) => NUMBER.test(row[i])));
  // Names stay in one line, sentences need not.
  const css = (i: number): string => (numeric[i] ? 'number' : titles[i] === 'verdict' ? 'text' : '');
  const table = html`<div class="scroll"><table>
<thead><tr>${titles.map((name, i) => html`<th class="${css(i)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${css(i)}">${numeric[i] ? cell.replaceAll(' ', '\u00a0') : cell}</td>`)}</tr>`)}</tbody></table></div>`;
  const about = note === undefined ? undefined : html`<p class="soft small">${note}</p>`;
  // A long table would hide what comes after it.
  if (rows.length > 30 || titles.length > 12)
    return html`<h2>${title}</h2>${about}<details><summary>${rows.length} rows</summary>${table}</details>`;
  return html`<h2>${title}</h2>${about}${table}`;
}
