import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import { formatCount, formatDuration, formatMetric } from '../../terminal/format.ts';
import { renderSentences, renderTable } from '../../terminal/table.ts';
import { renderWindowTests } from '../evaluation/render-window-tests.ts';
import type { EpochRecord } from '../folder/metrics-log.ts';
import { type RunResults, warningsOf } from '../folder/results.ts';
import { renderCalibration } from '../ranking/render-calibration.ts';
import { renderVerdict } from '../verdict/verdict-text.ts';
import type { LoopState } from './train.ts';

/** Of clicks and of numbers, four each. */
const OF_ROWS = ['AUC', 'GAUC', 'logloss', 'NE', 'RMSE', 'MAE', 'RAUC', 'XAUC'];

/**
 * Prints one row an epoch; the header comes with the first, and again where an evaluation of a ranker shows metrics
 * that no epoch before it had. A star marks the best epoch so far.
 */
export class EpochTable {
  readonly #config: RunConfig;
  readonly #quiet: boolean;
  readonly #epochs: number;
  /** Of the header. */
  #columns: readonly string[] | undefined;
  /** Warnings that were printed: the same words stand once. */
  readonly #told = new Set<string>();

  readonly #unit: 'tokens' | 'rows';

  constructor(config: RunConfig, quiet: boolean) {
    this.#config = config;
    this.#unit = isRankingConfig(config) ? 'rows' : 'tokens';
    this.#quiet = quiet;
    this.#epochs = config.training.epochs;
  }

  print(record: EpochRecord, state: LoopState): void {
    if (this.#quiet) return;
    const metrics = [...new Set([...(this.#columns ?? []), ...shownMetrics(this.#config, record.metrics)])];
    if (this.#columns === undefined) console.log(`\nmetrics on the ${record.split} set\n`);
    if (this.#columns?.length !== metrics.length) {
      this.#columns = metrics;
      console.log(this.#row(['epoch', 'loss', ...metrics, `${this.#unit}/s`, 'time'], metrics));
    }
    const best = state.best?.epoch === record.epoch ? '*' : ' ';
    console.log(
      `${this.#row(
        [
          `${record.epoch}/${this.#epochs}`,
          record.meanLoss.toFixed(4),
          ...metrics.map((metric) => formatMetric(record.metrics[metric])),
          formatCount(this.#unit === 'rows' ? (record.rowsPerSecond ?? 0) : record.tokensPerSecond),
          formatDuration(record.seconds + record.evaluationSeconds),
        ],
        metrics,
      )} ${best}`.trimEnd(),
    );
    const fresh = (record.warnings ?? []).filter((text) => !this.#told.has(text));
    for (const text of fresh) this.#told.add(text);
    if (fresh.length > 0) console.log(renderSentences(fresh));
  }

  printResults({ baselines, limits = [], final, verdict, leftOut, windowTests, calibration }: RunResults): void {
    const metrics = shownMetrics(this.#config, final?.metrics ?? baselines[0]?.metrics ?? {});
    const rows = [...baselines, ...limits, ...(final ? [final] : [])].map((each) => [
      each.name,
      each.split,
      ...metrics.map((metric) => formatMetric(each.metrics[metric])),
    ]);
    const columns = metrics.map((metric) => ({ title: metric, align: 'right' as const }));
    console.log(`\n${renderTable([{ title: 'model' }, { title: 'set' }, ...columns], rows)}`);
    for (const warning of warningsOf([...baselines, ...(final ? [final] : [])]))
      console.log(`\n${renderSentences([warning], '')}`);
    if (final) console.log(`\n${final.name}: ${final.checkpoint} checkpoint, epoch ${final.epoch}`);
    if (final && verdict) console.log(`\n${renderVerdict(final.name, verdict, leftOut)}`);
    if (calibration) console.log(`\n${renderCalibration(calibration)}`);
    if (windowTests) console.log(`\n${renderWindowTests(windowTests)}`);
  }

  /** Narrow enough for a terminal of 80 columns with five metrics and a star. */
  #row(cells: readonly string[], metrics: readonly string[]): string {
    const epoch = 2 * String(this.#epochs).length + 1;
    const widths = [Math.max(5, epoch), 7, ...metrics.map((metric) => Math.max(6, metric.length)), 8, 11];
    return cells.map((cell, i) => cell.padStart(widths[i])).join(' ');
  }
}

/** The metrics of a table, as many as a terminal has room for. */
export function shownMetrics(config: RunConfig, figures: Readonly<Record<string, number>>): readonly string[] {
  if (isRankingConfig(config)) {
    const { selectBy = OF_ROWS[0] } = config.evaluation;
    const known = [...OF_ROWS, selectBy].filter((metric) => Object.hasOwn(figures, metric));
    return [...new Set(known)];
  }
  const ks = config.evaluation.ks.slice(0, 3);
  const usual = [...ks.map((k) => `HR@${k}`), `NDCG@${ks[0]}`, 'MRR'];
  // What chooses the checkpoint is among them, whosever metric it is.
  return [...new Set([...usual, config.evaluation.selectBy])];
}
