import { segmentListings } from '../run/evaluation/segment-listing.ts';
import type { RunResults } from '../run/folder/results.ts';
import { type Html, html } from './html.ts';

/** Parts of the test set; nothing for a run without. */
export function partsSection(results: RunResults): Html | undefined {
  const parts = segmentListings(results);
  if (parts.length === 0) return undefined;
  return html`<h2>Parts of the test set</h2>${parts.map(
    ({ titles, rows, note }) =>
      html`${rows.length > 0 ? plainTable(titles, rows) : ''}${note === undefined ? '' : html`<p>${note}</p>`}`,
  )}`;
}

/** A table whose first column is text and whose others are numbers. */
export function plainTable(titles: readonly string[], rows: readonly (readonly string[])[]): Html {
  const css = (i: number): string => (i === 0 ? '' : 'number');
  return html`<div class="scroll"><table>
<thead><tr>${titles.map((title, i) => html`<th class="${css(i)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${css(i)}">${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}
