import { baselineSettings } from './baseline-names.ts';
import { isRankingConfig, type RunConfig } from './run-config.ts';

/** What decides the figures of a model: a run from before another baseline stood beside it is the same run. */
export function withoutBaselines(given: RunConfig): object {
  const { evaluation, ...config } = given;
  const left = new Set<string>(['baselines', ...(isRankingConfig(given) ? ['segments'] : []), ...baselineSettings()]);
  const rest = Object.entries(evaluation as Record<string, unknown>).filter(([key]) => !left.has(key));
  return { ...config, evaluation: Object.fromEntries(rest) };
}
