import type { BaselineVerdict } from '../run/verdict/verdict.ts';
import { type LeftOut, verdictText } from '../run/verdict/verdict-text.ts';
import { type Html, html } from './html.ts';

/** Whether the model is ahead of its baselines, in words. */
export function verdictSection(
  model: string,
  verdicts: readonly BaselineVerdict[],
  leftOut: readonly LeftOut[] = [],
): Html {
  const { headline, lines, note } = verdictText(model, verdicts, leftOut);
  const mark = (loses: boolean): string => (loses ? 'loses' : '');
  return html`<h2>Verdict</h2><p class="${mark(headline.loses)}">${headline.text}</p>
<ul>${lines.map((line) => html`<li class="${mark(line.loses)}">${line.text}</li>`)}</ul>${note === '' ? undefined : html`<p class="soft small">${note}</p>`}`;
}
