import type { DataSummary } from '../data/data-summary.ts';
import { itemTable, setTable } from '../run/evaluation/render-window-tests.ts';
import type { NamedItem, RunResults, SampleRecommendation, ScoredModel } from '../run/folder/results.ts';
import { formatCount, formatMetric } from '../terminal/format.ts';
import { histogramChart } from './charts.ts';
import { figureOf } from './figure.ts';
import { type Html, html } from './html.ts';

/** Models side by side; the rows named in `ours` are set in bold. */
export function scoreTable(rows: readonly ScoredModel[], ours: ReadonlySet<string>): Html {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  return html`<div class="scroll"><table>
<thead><tr><th>model</th><th>set</th>${metrics.map((metric) => html`<th class="number">${metric}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr class="${ours.has(row.name) ? 'ours' : ''}"><td>${row.name}</td><td>${row.split}</td>${metrics.map(
        (metric) => html`<td class="number">${formatMetric(row.metrics[metric])}${intervalOf(row, metric)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** Below the figure: `.0986 to .1432`. */
function intervalOf({ intervals }: ScoredModel, metric: string): Html | undefined {
  const interval = intervals?.[metric];
  if (interval === undefined) return undefined;
  const [low, high] = interval.map((end) => formatMetric(end).replace(/^0/, ''));
  return html`<br><span class="soft interval">${low}\u2013${high}</span>`;
}

/** The window test sets and the item vectors. */
export function windowTestsSection({ windowTests }: RunResults): Html | undefined {
  if (windowTests === undefined) return undefined;
  const tables = [setTable(windowTests), itemTable(windowTests)].filter((table) => table !== undefined);
  return html`<h2>Recent, older and future sequences</h2>
${tables.map(
  ({ columns, rows }) => html`<div class="scroll"><table>
<thead><tr>${columns.map((title, i) => html`<th class="${i === 0 ? '' : 'number'}">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${i === 0 ? '' : 'number'}">${cell}</td>`)}</tr>`)}</tbody></table></div>`,
)}
<ul class="small">${windowTests.definition.map((line) => html`<li>${line}</li>`)}</ul>`;
}

export function dataSection(data: DataSummary): Html {
  const facts = Object.entries(data.statistics).map(([name, value]) => [
    name,
    typeof value !== 'number' ? value : Number.isInteger(value) ? formatCount(value) : value.toPrecision(4),
  ]);
  return html`<h2>Data</h2>
<p>${data.name}, split ${data.split}. Digest <code>${data.digest}</code>: the same digest means the same events, ids and processing.</p>
<div class="pair">
<table>${facts.map(([name, value]) => html`<tr><td class="soft">${name}</td><td class="number">${value}</td></tr>`)}</table>
<table>${Object.entries(data.examples).map(
    ([name, count]) =>
      html`<tr><td class="soft">${name} examples</td><td class="number">${formatCount(count)}</td></tr>`,
  )}</table>
</div>
${data.lengths.length > 0 ? figureOf((width) => histogramChart(data.lengths, 'events per user', width), "Length of the users' sequences.") : undefined}
<h3>Processing</h3><ul>${data.steps.map((step) => html`<li>${step}</li>`)}</ul>
<h3>Leakage</h3><ul>${data.leakage.map((line) => html`<li>${line}</li>`)}</ul>`;
}

export function samplesSection(results: RunResults): Html | undefined {
  if (results.samples.length === 0) return undefined;
  return html`<h2>Sample recommendations</h2>
<p class="soft">Users of the evaluated set, chosen by position and not by result. The item that the user took next is marked where the model lists it.</p>
${results.samples.map(sample)}`;
}

function sample(each: SampleRecommendation): Html {
  const target = each.target;
  return html`<h3>User ${each.user}</h3>
${target ? html`<p class="small">Next: <strong>${nameOf(target)}</strong>, ranked ${formatCount(target.rank)}${target.tied ? ` to ${formatCount(target.rank + target.tied)}` : ''} by the model.</p>` : undefined}
<div class="pair">
<table><thead><tr><th>history, latest first</th></tr></thead><tbody>${each.history
    .toReversed()
    .map(
      (event) =>
        html`<tr><td>${nameOf(event)}${event.time ? html` <span class="soft small">${event.time.slice(0, 10)}</span>` : undefined}</td></tr>`,
    )}</tbody></table>
<table><thead><tr><th>recommended</th><th class="number">score</th></tr></thead><tbody>${each.recommendations.map(
    (item) =>
      html`<tr class="${item.item === target?.item ? 'hit' : ''}"><td>${nameOf(item)}</td><td class="number">${item.score.toFixed(3)}</td></tr>`,
  )}</tbody></table>
</div>`;
}

function nameOf(item: NamedItem): string {
  return item.title ?? `item ${item.item}`;
}

/** A value as indented text, for people who read configurations. */
export function jsonSection(title: string, value: unknown): Html {
  return html`<h2>${title}</h2><pre>${JSON.stringify(value, null, 2)}</pre>`;
}
