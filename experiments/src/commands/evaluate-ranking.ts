import type { Override } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';

export interface EvaluateRequest {
  readonly subject?: string;
  readonly from?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  readonly checkpoint: 'best' | 'last' | undefined;
  readonly part: 'validation' | 'test';
  readonly baselines?: string;
  readonly out: string;
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Options that are of retrieval and were given. */
  readonly ofRetrieval: readonly string[];
}

/** Keys of the configuration that decide how a trained model of rows is measured. */
export const MEASURED_ROWS = ['batchSize', 'segments', 'baselines'].map((key) => `evaluation.${key}`);

/** `seqrec evaluate` of a run or recipe of the task `ranking`; nothing for one of another task. */
export async function evaluateRanking(request: EvaluateRequest): Promise<Awaited<Action> | undefined> {
  const { subject, from, configFile, overrides, out } = request;
  const { subjectConfig } = await import('../run/open/open-weights.ts');
  const { isRankingConfig } = await import('../config/run-config.ts');
  const given = await subjectConfig({ subject, configFile, overrides: from === undefined ? [] : overrides, out });
  if (!isRankingConfig(given.config)) return undefined;
  if (request.ofRetrieval.length > 0)
    throw new UsageError(
      `--${request.ofRetrieval[0]}: expected it with a run of the task retrieval; got ${given.name}, of the task ranking`,
    );
  const other = from === undefined ? overrides.find(({ key }) => !MEASURED_ROWS.includes(key)) : undefined;
  if (other !== undefined)
    throw new UsageError(
      `--${other.key}: expected one of ${MEASURED_ROWS.map((key) => `--${key}`).join(', ')}; a trained run keeps the rest`,
    );
  const { applyOverrides } = await import('../config/overrides.ts');
  const { rankingRunConfigSchema } = await import('../config/ranking-schema.ts');
  const { evaluateRankingCommand, rowBaselinesOption } = await import('../run/ranking/evaluate-command.ts');
  const { openRankingRun, openRankingWeights } = await import('../run/ranking/open-ranking.ts');
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const baselines = rowBaselinesOption(request.baselines);
  const config = from === undefined ? applyOverrides(rankingRunConfigSchema(), given.config, overrides) : given.config;
  const progress = new Progress({ quiet: request.quiet });
  await startBackend(request.backend);
  const place = { ...(request.dataFolder !== undefined && { dataFolder: request.dataFolder }), progress };
  const run = from === undefined ? openRunDir(out, subject ?? '') : undefined;
  const opened =
    run === undefined
      ? await openRankingWeights(from as string, { name: given.name, config }, place)
      : await openRankingRun(run, config, request.checkpoint, place);
  return evaluateRankingCommand(opened, {
    name: given.name,
    part: request.part,
    ...(run && opened.checkpoint && { run: { id: run.id, checkpoint: opened.checkpoint } }),
    ...(baselines && { baselines }),
    json: request.json,
    progress,
  });
}
