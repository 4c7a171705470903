import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figureOf } from '../../report/figure.ts';
import { html } from '../../report/html.ts';
import { type IntervalFigure, intervalFigure, overSeeds } from '../../report/plots/interval-figure.ts';
import { type Line, type LineFigure, lineFigure, siNumber } from '../../report/plots/line-figure.ts';
import { renderPng } from '../../report/plots/png.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import { page } from '../../report/report.ts';
import { tableSection } from '../../report/table-section.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import { makeFolder } from '../../run/folder/make-folder.ts';
import { estimate } from '../reproduce/verdict.ts';
import { meanOf, ranked, tablesOf } from './comparisons.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { benchmarkSections, publishedOf, seedsSentence, tableName } from './sections.ts';

interface Drawn {
  /** Name of its files in `plots/`. */
  readonly name: string;
  readonly caption: string;
  draw(width?: number): string;
}

/** Writes `report.html`, and its figures as `plots/*.svg` and `plots/*.png`. */
export function writeBenchmarkReport(out: string, result: BenchmarkResult): void {
  const { name, title, source, remarks, notes, counts, command } = result;
  makeFolder(join(out, 'plots'));
  const [metric] = result.metrics;
  const drawn = tablesOf(result).flatMap((table, i) => [intervals(table, result, i), ...costFigures(table, metric, i)]);
  const figures = drawn.map(({ name: file, caption, draw }) => {
    const svg = draw();
    writeFileAtomic(join(out, 'plots', `${file}.svg`), standaloneSvg(svg));
    writeFileSync(join(out, 'plots', `${file}.png`), renderPng(svg));
    return figureOf((width) => draw(width), caption);
  });
  const body = html`<header><h1>${title}</h1>
<p class="soft small">${name} · ${source}</p>
${remarks.map((remark) => html`<p><strong>${remark}</strong></p>`)}
<p>${seedsSentence(result)}</p></header>
${figures}
${benchmarkSections(result).map(tableSection)}
<h2>Protocol</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}
${counts.map(({ data, protocol, steps }) => html`<li>${data}, ${protocol}: ${steps.join(' ')}</li>`)}</ul>
<h2>Command</h2><pre>${command}</pre>`;
  writeFileAtomic(join(out, 'report.html'), page(`${title} · ${name}`, body));
}

function intervals(table: readonly GridRow[], result: BenchmarkResult, i: number): Drawn {
  const [metric] = result.metrics;
  const rows = ranked(table, metric);
  const points = rows.map(([row, own]) => {
    const { mean, half } = estimate(own.map(({ metrics }) => metrics[metric]));
    return { row, mean, ...(half !== undefined && { half }) };
  });
  const published = rows.flatMap(([row, [first]]) => {
    const mean = publishedOf(first, result, metric);
    return mean === undefined ? [] : [{ row, mean }];
  });
  const figure: IntervalFigure = {
    series: [
      { name: published.length > 0 ? 'ours' : metric, points },
      ...(published.length > 0 ? [{ name: 'published', points: published }] : []),
    ],
    rows: rows.map(([row]) => row),
    x: { label: metric },
  };
  return {
    name: `table-${i + 1}`,
    caption: `${tableName(table[0])}: ${metric} ${overSeeds(points)}${published.length > 0 ? ', and as published' : ''}.`,
    draw: (width) => intervalFigure({ ...figure, ...(width !== undefined && { width }) }),
  };
}

/** Quality against training compute and parameters, a point a model; nothing where fewer than two are counted. */
function costFigures(table: readonly GridRow[], metric: string, i: number): Drawn[] {
  const axes = [
    { key: 'flops', label: 'training compute (FLOP, log scale)' },
    { key: 'parameters', label: 'parameters (log scale)' },
  ] as const;
  return axes.flatMap(({ key, label }): Drawn[] => {
    const counted = ranked(table, metric).filter(([, rows]) => rows.every((row) => row[key] !== undefined));
    if (counted.length < 2) return [];
    const lines = counted.map(([name, rows], colour): Line => {
      const x = rows.reduce((sum, row) => sum + (row[key] as number), 0) / rows.length;
      return { name, points: [{ x, y: meanOf(rows, metric) }], colour, style: 'measured', label: true };
    });
    const figure: LineFigure = { lines, x: { label, log: true, format: siNumber }, y: { label: metric } };
    return [
      {
        name: `table-${i + 1}-${key}`,
        caption: `${tableName(table[0])}: ${metric} against ${key === 'flops' ? 'training compute' : 'the number of parameters'}.`,
        draw: (width) => lineFigure({ ...figure, ...(width !== undefined && { width }) }),
      },
    ];
  });
}
