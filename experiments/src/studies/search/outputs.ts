import { join } from 'node:path';
import type { TableSection } from '../../report/table-section.ts';
import { writeFileAtomic } from '../../run/folder/atomic.ts';
import { formatMetric } from '../../terminal/format.ts';
import { writeSearchReport } from './report.ts';
import type { Searched } from './search.ts';
import { renderSearch } from './sections.ts';
import { winnerYaml } from './winner.ts';

/** Writes what a search gave, `trials.json` apart, which it keeps itself. Returns the names of the files. */
export function writeSearch(
  out: string,
  { result, winner }: Searched,
  command: string,
  further: readonly TableSection[] = [],
): string[] {
  writeFileAtomic(join(out, 'trials.md'), `${renderSearch(result, command)}\n`);
  const best = result.trials.find(({ trial }) => trial === result.winner);
  const yaml =
    winner &&
    winnerYaml(winner, [
      `Trial ${result.winner} of ${result.trials.length} of a search from ${result.request.recipe}:`,
      `${result.metric} ${formatMetric(best?.value)} on the validation set by epoch ${best?.bestEpoch} of ${best?.epochs}.`,
    ]);
  if (yaml !== undefined) writeFileAtomic(join(out, 'winner.yaml'), yaml);
  writeSearchReport(out, result, { command, ...(yaml !== undefined && { yaml }), further });
  return ['trials.json', 'trials.md', 'report.html', ...(yaml === undefined ? [] : ['winner.yaml'])];
}
