import { readFileSync, writeFileSync } from 'node:fs';
import { figureOf } from '../../report/figure.ts';
import { type Html, html, raw } from '../../report/html.ts';
import { type LineFigure, lineFigure } from '../../report/plots/line-figure.ts';
import { renderPng } from '../../report/plots/png.ts';
import { standaloneSvg } from '../../report/plots/theme.ts';
import { page } from '../../report/report.ts';
import { jsonSection } from '../../report/sections.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import type { Listing } from '../../terminal/listing.ts';
import type { Column } from '../../terminal/table.ts';
import { fileNameOf, type StudyDir, type StudyPlan } from './study.ts';

export interface ReportFigure extends LineFigure {
  /** Name of its files in `plots/`. */
  readonly name: string;
  readonly caption: string;
}

export interface ReportColumn extends Column {
  /** False leaves it out of the page, which has room for about twelve columns; the `.csv` has all. */
  readonly page?: boolean;
}

export interface ReportTable {
  /** Name of its `.csv`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly string[])[];
  /** Closed until the reader opens it. */
  readonly folded?: boolean;
}

export interface StudyReport {
  readonly title: string;
  /** What was studied: the recipe. */
  readonly subject?: string;
  readonly lead: string;
  readonly figures: readonly ReportFigure[];
  readonly tables: readonly ReportTable[];
  /** What the study says, in plain sentences; default: nothing. */
  readonly conclusions?: readonly string[];
  readonly definitions: readonly string[];
}

/** Tables of a report as the terminal and the docs show them: whole, of their columns the titles. */
export function listed(...tables: readonly ReportTable[]): Listing {
  return tables.map(({ title, columns, rows }) => ({
    title,
    columns: columns.map(({ page: _, ...column }) => column),
    rows,
  }));
}

/** Writes `report.html`, `plots/*.svg`, `plots/*.png` and a `.csv` of each table. */
export function writeStudyReport(dir: StudyDir, plan: Pick<StudyPlan, 'request' | 'notes'>, report: StudyReport): void {
  const drawn = report.figures
    .filter(({ lines }) => lines.some(({ points }) => points.length > 0))
    .map((figure) => ({ ...figure, svg: lineFigure(figure) }));
  for (const { name, svg } of drawn) {
    const file = dir.file(`plots/${fileNameOf(name)}`);
    writeFileAtomic(`${file}.svg`, standaloneSvg(svg));
    writeFileSync(`${file}.png`, renderPng(svg));
  }
  for (const table of report.tables) writeFileAtomic(dir.file(`${fileNameOf(table.name)}.csv`), csv(table));
  const environment: unknown = JSON.parse(readFileSync(dir.file('environment.json'), 'utf8'));
  const figures = drawn.map(({ caption, svg: _, name: __, ...figure }) =>
    figureOf((width) => lineFigure({ ...figure, width }), caption),
  );
  const body = html`<header><h1>${report.title}${report.subject === undefined ? undefined : html`: <span>${report.subject}</span>`}</h1><p>${report.lead}</p>${(report.conclusions ?? []).map((line) => html`<p>${line}</p>`)}</header>
<h2>Figures</h2>${figures}
${report.tables.map(tableSection)}
<h2>How the numbers are defined</h2><ul>${report.definitions.map((line) => html`<li>${line}</li>`)}</ul>
${plan.notes.length > 0 ? html`<h2>Notes</h2><ul>${plan.notes.map((line) => html`<li>${line}</li>`)}</ul>` : undefined}
${jsonSection('Request', plan.request)}
${jsonSection('Environment', environment)}`;
  writeFileAtomic(
    dir.report,
    page([report.title, ...(report.subject === undefined ? [] : [report.subject])].join(': '), body),
  );
}

function tableSection({ title, columns, rows, folded }: ReportTable): Html {
  const shown = columns.flatMap(({ title: name, align, page: onPage = true }, i) =>
    onPage ? [{ name, i, css: align === 'right' ? 'number' : '' }] : [],
  );
  const table = html`<div class="scroll"><table>
<thead><tr>${shown.map(({ name, css }) => html`<th class="${css}">${breakable(name)}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${shown.map(({ i, css }) => html`<td class="${css}">${css === '' ? row[i] : unbroken(row[i])}</td>`)}</tr>`)}</tbody></table></div>`;
  if (folded) return html`<h2>${title}</h2><details><summary>${rows.length} rows</summary>${table}</details>`;
  return html`<h2>${title}</h2>${table}`;
}

/** A number, whose unit stays beside it; an interval behind it may go to the next line, as a whole. */
function unbroken(cell: string): string {
  return cell.replaceAll(' ', '\u00a0').replace('\u00a0[', ' [');
}

/** A column's title, which may go on in a new line after a slash. */
function breakable(name: string): Html[] {
  return name.split(/(?<=\/)/).map((part, i) => html`${i > 0 ? raw('<wbr>') : undefined}${part}`);
}

function csv({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
  return `${[line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n')}\n`;
}
