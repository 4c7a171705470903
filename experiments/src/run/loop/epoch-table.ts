import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { formatCount, formatDuration, formatMetric } from '../../terminal/format.ts';
import { renderSentences, renderTable } from '../../terminal/table.ts';
import { renderWindowTests } from '../evaluation/render-window-tests.ts';
import type { EpochRecord } from '../folder/metrics-log.ts';
import { type RunResults, warningsOf } from '../folder/results.ts';
import { renderCalibration } from '../ranking/render-calibration.ts';
import { renderVerdict } from '../verdict/verdict-text.ts';
import type { LoopState } from './train.ts';

/** Prints one row an epoch; the header comes with the first. A star marks the best epoch so far. */
export class EpochTable {
  readonly metrics: readonly string[];
  readonly #quiet: boolean;
  readonly #epochs: number;
  #started = false;

  readonly #unit: 'tokens' | 'rows';

  constructor(config: RunConfig, quiet: boolean) {
    this.metrics = shownMetrics(config);
    this.#unit = isRankingConfig(config) ? 'rows' : 'tokens';
    this.#quiet = quiet;
    this.#epochs = config.training.epochs;
  }

  print(record: EpochRecord, state: LoopState): void {
    if (this.#quiet) return;
    if (!this.#started) {
      this.#started = true;
      console.log(`\nmetrics on the ${record.split} set\n`);
      console.log(this.#row(['epoch', 'loss', ...this.metrics, `${this.#unit}/s`, 'time']));
    }
    const best = state.best?.epoch === record.epoch ? '*' : ' ';
    console.log(
      `${this.#row([
        `${record.epoch}/${this.#epochs}`,
        record.meanLoss.toFixed(4),
        ...this.metrics.map((metric) => formatMetric(record.metrics[metric])),
        formatCount(this.#unit === 'rows' ? (record.rowsPerSecond ?? 0) : record.tokensPerSecond),
        formatDuration(record.seconds + record.evaluationSeconds),
      ])} ${best}`.trimEnd(),
    );
    if (record.warnings) console.log(renderSentences(record.warnings));
  }

  printResults({ baselines, final, verdict, leftOut, windowTests, calibration }: RunResults): void {
    const rows = [...baselines, ...(final ? [final] : [])].map((each) => [
      each.name,
      each.split,
      ...this.metrics.map((metric) => formatMetric(each.metrics[metric])),
    ]);
    const columns = this.metrics.map((metric) => ({ title: metric, align: 'right' as const }));
    console.log(`\n${renderTable([{ title: 'model' }, { title: 'set' }, ...columns], rows)}`);
    for (const warning of warningsOf([...baselines, ...(final ? [final] : [])]))
      console.log(`\n${renderSentences([warning], '')}`);
    if (final) console.log(`\n${final.name}: ${final.checkpoint} checkpoint, epoch ${final.epoch}`);
    if (final && verdict) console.log(`\n${renderVerdict(final.name, verdict, leftOut)}`);
    if (calibration) console.log(`\n${renderCalibration(calibration)}`);
    if (windowTests) console.log(`\n${renderWindowTests(windowTests)}`);
  }

  /** Narrow enough for a terminal of 80 columns with five metrics and a star. */
  #row(cells: readonly string[]): string {
    const epoch = 2 * String(this.#epochs).length + 1;
    const widths = [Math.max(5, epoch), 7, ...this.metrics.map((metric) => Math.max(6, metric.length)), 8, 11];
    return cells.map((cell, i) => cell.padStart(widths[i])).join(' ');
  }
}

/** The metrics of a table, as many as a terminal has room for. */
export function shownMetrics(config: RunConfig): readonly string[] {
  if (isRankingConfig(config))
    return config.task.loss === 'binary' ? ['AUC', 'GAUC', 'logloss', 'NE'] : ['RMSE', 'MAE', 'RAUC', 'XAUC'];
  const ks = config.evaluation.ks.slice(0, 3);
  const usual = [...ks.map((k) => `HR@${k}`), `NDCG@${ks[0]}`, 'MRR'];
  // What chooses the checkpoint is among them, whosever metric it is.
  return [...new Set([...usual, config.evaluation.selectBy])];
}
