import type { CAC } from 'cac';
import { choiceOption, textOption } from '../arguments.ts';
import { THREADS } from '../backend-options.ts';
import { CHECKPOINT, checkpointOption } from '../checkpoint-option.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';

interface Options extends BackendOptions {
  readonly to?: unknown;
  readonly teacher?: unknown;
  readonly split: unknown;
  readonly checkpoint: unknown;
  readonly data?: unknown;
  readonly out: unknown;
  readonly quiet?: boolean;
}

export function registerLabels(cli: CAC, _invocation: Invocation): void {
  cli
    .command('labels <run>', 'Write what a run of the task ranking predicts into a label store, for students to learn')
    .option('--to <dir>', 'Folder of the store; Parquet, a folder a teacher and a day (default: labels)')
    .option('--teacher <name>', 'Name of the teacher in the store (default: the id of the run)')
    .option('--split <part>', 'train, validation or test', { default: 'train' })
    .option(...CHECKPOINT)
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--quiet', 'No progress')
    .example('  $ seqrec labels latest --to labels')
    .example('  $ seqrec train distillation/ml-1m-auxiliary')
    .action((run: string, options: Options) => labelsCommand(run, options));
}

async function labelsCommand(name: string, options: Options): Action {
  const checkpoint = checkpointOption(options.checkpoint);
  const part = choiceOption('split', options.split, ['train', 'validation', 'test'] as const) ?? 'train';
  const store = textOption('to', options.to) ?? 'labels';
  const out = textOption('out', options.out) ?? 'runs';
  const { UsageError } = await import('../errors.ts');
  const { isRankingConfig } = await import('../config/run-config.ts');
  const { openRankingRun } = await import('../run/ranking/open-ranking.ts');
  const { writeTeacherLabels } = await import('../run/ranking/write-teacher-labels.ts');
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { savedRun } = await import('../run/open/resume.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const progress = new Progress({ quiet: options.quiet === true });
  const run = openRunDir(out, name);
  const { config } = savedRun(run);
  if (!isRankingConfig(config))
    throw new UsageError(`labels: expected a run of the task ranking; got ${run.id}, of ${config.task.kind}`);
  await startBackend(options);
  const dataFolder = textOption('data', options.data);
  const opened = await openRankingRun(run, config, checkpoint, {
    ...(dataFolder !== undefined && { dataFolder }),
    progress,
  });
  const teacher = textOption('teacher', options.teacher) ?? run.id;
  const { folder, rows, labels } = await writeTeacherLabels(opened, { store, teacher, part, progress });
  opened.model.dispose();
  console.log(`${folder}: ${rows} rows, ${labels.join(', ')}`);
  return 0;
}
