import { markdownTable } from '../../terminal/markdown.ts';
import type { Cells, Section } from './section.ts';
import { details, type Reproduction, results, seedsNote } from './sections.ts';

/** The table as a Markdown page: gains, figures, claims, protocol, windows, every seed, command. */
export function renderMarkdown(reproduction: Reproduction): string {
  const { name, table, remarks, command } = reproduction;
  const body = ({ note, titles, rows }: Section): string[] => [
    ...(note === undefined ? [] : [note]),
    markdownTable(titles, rows),
  ];
  return `${[
    `# ${name}: ${table.title}`,
    `Source: ${table.source}.`,
    ...remarks.map((remark) => `**${remark}**`),
    seedsNote(reproduction),
    ...results(reproduction).flatMap(({ note, ...section }) =>
      body({ ...section, ...(note !== undefined && { note: `${section.title}. ${note}` }) }),
    ),
    table.notes.map((note) => `- ${note}`).join('\n'),
    ...details(reproduction).flatMap((section) => [`## ${section.title}`, ...body(section)]),
    `\`${command}\``,
  ].join('\n\n')}\n`;
}

/** Gains, figures and claims as LaTeX tables (package `booktabs`). */
export function renderLatex(reproduction: Reproduction): string {
  const { name, table, seeds } = reproduction;
  const most = [...Map.groupBy(reproduction.runs, ({ row }) => row).values()].every(
    (own) => own.length === seeds.length,
  )
    ? ''
    : 'up to ';
  const ours = seeds.length === 1 ? 'one seed' : `mean of ${most}${seeds.length} seeds, 95 % interval`;
  const tables = results(reproduction).map(({ title, titles, rows }, i) => {
    const what = title.startsWith('Relative gains') || title === 'Claims' ? `: ${title}` : '';
    return latexTable(
      titles,
      rows,
      `${table.title}${what}. Ours: ${ours}. Source: ${table.source}.`,
      `${name}-${i + 1}`,
    );
  });
  return [`% ${reproduction.command}`, ...tables].join('\n\n');
}

function latexTable(titles: Cells, rows: readonly Cells[], caption: string, label: string): string {
  const line = (cells: Cells): string => `    ${cells.map(latexText).join(' & ')} \\\\`;
  return `\\begin{table}
  \\centering
  \\begin{tabular}{${'l'.repeat(titles.length)}}
    \\toprule
${line(titles)}
    \\midrule
${rows.map(line).join('\n')}
    \\bottomrule
  \\end{tabular}
  \\caption{${latexText(caption)}}
  \\label{tab:${label.replaceAll('/', '-')}}
\\end{table}
`;
}

function latexText(text: string): string {
  return text
    .replaceAll(/[\\{}]/g, '')
    .replaceAll(/[%&#_$]/g, (special) => `\\${special}`)
    .replaceAll('±', '$\\pm$')
    .replaceAll('>', '$>$');
}
