import { join } from 'node:path';
import { resolveConfig } from '../config/load-recipe.ts';
import type { RecipeConfig } from '../config/schema.ts';
import { prepareData } from '../data/dataset.ts';
import { type ComparedRun, renderComparison } from '../report/comparison.ts';
import { writeFileAtomic } from '../run/folder/atomic.ts';
import { checkRunsFolder } from '../run/folder/run-dir.ts';
import { executeRun } from '../run/loop/execute-run.ts';
import { type BackendOptions, startBackend } from '../run/process/backend.ts';
import { listenForStop, signalExitCode } from '../run/process/stop.ts';
import { renderVerdict } from '../run/verdict/verdict-text.ts';
import { formatCount, formatDuration, formatMetric } from '../terminal/format.ts';
import { Progress } from '../terminal/progress.ts';
import { renderTable } from '../terminal/table.ts';

/** Small enough that both models see all of it within three minutes on two cores. */
const world = { records: 8_000, items: 10_000, categories: 100, length: 128 } as const;

export interface DemoRequest {
  readonly out: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
}

/** `seqrec demo`: the models of `synthetic/*` on a smaller world, one pass each, and their metrics side by side. */
export async function runDemo(request: DemoRequest): Promise<number> {
  checkRunsFolder(request.out);
  const started = performance.now();
  const progress = new Progress({ quiet: request.quiet });
  const models = [await demoModel('synthetic/hstu'), await demoModel('synthetic/transformer')];
  const { data: dataConfig, training, objective, optimizer } = models[0].config;
  const choice = await startBackend(request.backend);
  const data = await prepareData(dataConfig, '.', progress);
  const { train, test } = data.split;
  console.log(
    `A stream of ${formatCount(world.records)} records of ${world.length} events; ${formatCount(world.items)} items, of which new ones open all the time.`,
  );
  console.log(
    `One budget: one pass over ${formatCount(train.users.length)} records, batches of ${training.batchSize}, ${objective.kind}, learning rate ${optimizer.learningRate}; ${formatCount(test.users.length)} later records test.`,
  );
  console.log(`Backend ${choice.name}: ${choice.reason}\n`);

  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const runs: ComparedRun[] = [];
  try {
    for (const { name, config } of models) {
      const { run, results } = await executeRun({
        name,
        config,
        data,
        choice,
        out: request.out,
        progress,
        stop,
        checkpoints: {},
        resumeOptions: '',
        onEpoch: (record) =>
          console.log(
            `${name}: loss ${record.meanLoss.toFixed(4)}, ${formatCount(record.tokensPerSecond)} tokens/s, ${formatDuration(record.seconds)} of training`,
          ),
      });
      if (run === undefined || results === undefined) return signalExitCode(stop.signal ?? 'SIGINT');
      runs.push({ name, run, results });
    }
  } finally {
    stop.dispose();
  }

  const report = join(request.out, 'demo.html');
  writeFileAtomic(report, renderComparison('HSTU and softmax attention on a growing vocabulary', runs));
  const baselines = runs[0].results.baselines;
  const scored = [...baselines, ...runs.map(({ name, results }) => ({ name, metrics: results.final?.metrics ?? {} }))];
  const rows = scored.map(({ name, metrics }) => [
    name,
    formatMetric(metrics['HR@10']),
    formatMetric(metrics['HR@50']),
  ]);
  console.log(
    `\n${renderTable([{ title: 'model' }, { title: 'HR@10', align: 'right' }, { title: 'HR@50', align: 'right' }], rows)}`,
  );
  for (const { name, results } of runs)
    if (results.verdict) console.log(`\n${renderVerdict(name, results.verdict, results.leftOut)}`);
  console.log(`\nEvery event of the test records is predicted among the items open at that moment.`);
  console.log(`report: ${report} (with links to the report of each run)`);
  console.log(`${formatDuration((performance.now() - started) / 1000)} in all`);
  return 0;
}

async function demoModel(name: string): Promise<{ readonly name: string; readonly config: RecipeConfig }> {
  const { config } = await resolveConfig({ recipe: name, overrides: [] });
  const model = { ...config.model, maxSequenceLength: world.length };
  // Fewer records than the recipe, so smaller batches: the number of steps is what both models need.
  const training = { ...config.training, batchSize: 16 };
  return { name, config: { ...config, model, training, data: { format: 'synthetic', seed: 1, ...world } } };
}
