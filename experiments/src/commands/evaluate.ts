import type { CAC } from 'cac';
import { choiceOption, integerOption, numberOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import { CHECKPOINT, checkpointOption } from '../checkpoint-option.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { measuredKeys } from '../run/evaluation/measured-keys.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { declareReads, type OptionsOf } from '../unread-options.ts';
import { checkReadApart, evaluationApart } from './evaluations-apart.ts';

interface Options extends BackendOptions {
  readonly checkpoint: unknown;
  readonly from?: unknown;
  readonly config?: unknown;
  readonly split: unknown;
  readonly data?: unknown;
  readonly out: unknown;
  readonly includeSeen?: boolean;
  readonly future?: unknown;
  readonly actions?: unknown;
  readonly windows?: boolean;
  readonly cached?: boolean;
  readonly sample?: unknown;
  readonly baselines?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What each way to ask can be told, besides what all can be. */
const READS: OptionsOf = { RUN: ['checkpoint'], '--from': ['from', 'config'] };

export function registerEvaluate(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command(
      'evaluate [run]',
      'Evaluate a checkpoint of a run, or weights from a file: exact ranks among all items; AUC of rows',
      { allowUnknownOptions: true },
    )
    .usage(
      'evaluate RUN [options] [--evaluation.key VALUE ...]\n  $ seqrec evaluate RECIPE --from FILE [options] [--section.key VALUE ...]',
    )
    .option(...CHECKPOINT)
    .option('--from <file>', 'Weights in a safetensors file, of the model of a recipe, a run or --config')
    .option('--config <file>', 'With --from: a YAML configuration instead of a recipe')
    .option('--split <name>', 'validation or test', { default: 'test' })
    .option('--include-seen', 'Rank the items of the history as well')
    .option('--evaluation.ties <rule>', 'Equal scores: expected (mean over their orders), optimistic, pessimistic')
    .option('--task.beams <n>', 'Of generation: prefixes kept of each history, or all for exact ranks')
    .option('--task.dense.mix <a>', 'Of a hybrid: share of the codes in a score; levels and cold likewise')
    .option('--evaluation.segments <parts>', 'Metrics by parts: columns, training events, days, first events')
    .option('--evaluation.lists <k>', 'Coverage, Gini and popularity of the lists of k items')
    .option('--evaluation.queryTime <t>', 'Time that a model is asked at: target, or last (of the last event)')
    .option(
      '--evaluation.positions <p>',
      'last: the target of each example; all: every event that nothing else has read',
    )
    .option('--future <days>', 'Recall over so many days from the cut of --split: vectors once, daily and in real time')
    .option('--actions <rating>', 'Predict the ratings of the targets: normalised entropy; AUC of at least this rating')
    .option('--windows', 'The window test sets (recent, older, future) and same-genre neighbours of item vectors')
    .option(
      '--cached',
      'Ranks by a scorer that is given every event one by one, which have to be the usual ones: exits with 1 if not',
    )
    .option('--sample <n>', 'Only so many examples, drawn once and for all, such as for exact ranks of generation')
    .option('--baselines <names>', 'What the verdict compares with, with commas, or none (default: those of the run)')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--precision <p>', 'f32, or f16 for the operands of products (webgpu)')
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec evaluate latest')
    .example('  $ seqrec evaluate latest --evaluation.ties optimistic --evaluation.queryTime last')
    .example('  $ seqrec evaluate latest --task.beams all --sample 1000 --baselines none')
    .example(`  $ seqrec evaluate latest --evaluation.segments '[{"days":7},{"trainingRows":"items"}]'`)
    .example('  $ seqrec evaluate latest --future 14')
    .example('  $ seqrec evaluate latest --future 14 --split validation --include-seen')
    .example('  $ seqrec evaluate latest --actions 4')
    .example('  $ seqrec evaluate latest --windows')
    .example('  $ seqrec evaluate latest --cached')
    .example('  $ seqrec evaluate latest --include-seen --baselines last-item,ease')
    .example('  $ seqrec evaluate latest --baselines item-knn,ease --evaluation.tuneBaselines true')
    .example('  $ seqrec evaluate ml-1m-hstu-20250101-120000-a1b2c3 --checkpoint last --include-seen')
    .example('  $ seqrec evaluate ctr-ml-1m-mlp-20250101-120000-a1b2c3 --evaluation.segments gender,age')
    .example('  $ seqrec evaluate ml-100k/hstu --from weights.safetensors')
    .action((run: string | undefined, options: Options) => evaluateCommand(run, options, invocation));
  declareReads(command, READS, (_, { from }) => (from === undefined ? 'RUN' : '--from'));
}

async function evaluateCommand(name: string | undefined, options: Options, { overrides }: Invocation): Action {
  const askedCheckpoint = checkpointOption(options.checkpoint);
  const part = choiceOption('split', options.split, ['validation', 'test'] as const) ?? 'test';
  const days = integerOption('future', options.future);
  const positiveRating = numberOption('actions', options.actions);
  const sample = integerOption('sample', options.sample);
  const { windows, cached, includeSeen } = options;
  const asked = { days, positiveRating, windows, cached, includeSeen, sample, baselines: options.baselines, part };
  const apart = evaluationApart(asked);
  const from = textOption('from', options.from);
  const configFile = textOption('config', options.config);
  if (from === undefined && name === undefined)
    throw new UsageError('seqrec evaluate: expected a run, or --from FILE; got none');
  if (options.includeSeen && overrides.some(({ key }) => key === 'evaluation.excludeSeen'))
    throw new UsageError(
      '--include-seen: expected it or --evaluation.excludeSeen, each of which says what is left out; got both',
    );
  const { evaluateRanking, MEASURED_ROWS } = await import('./evaluate-ranking.ts');
  const ofMeasuring = measuredKeys();
  const known = [...ofMeasuring, ...MEASURED_ROWS];
  const unknown = from === undefined ? overrides.find(({ key }) => !known.includes(key)) : undefined;
  if (unknown !== undefined) throw notMeasured(unknown.key, ofMeasuring);
  const ofRows = await evaluateRanking({
    subject: name,
    from,
    configFile,
    overrides,
    checkpoint: askedCheckpoint,
    part,
    baselines: textOption('baselines', options.baselines),
    out: textOption('out', options.out) ?? 'runs',
    dataFolder: textOption('data', options.data),
    backend: options,
    json: options.json === true,
    quiet: options.quiet ?? false,
    ofRetrieval: [
      ...(apart ? [apart] : []),
      ...(options.includeSeen ? ['include-seen'] : []),
      ...(sample === undefined ? [] : ['sample']),
    ],
  });
  if (ofRows !== undefined) return ofRows;
  const baselines = await baselinesOption(options.baselines);
  if (from === undefined) {
    const other = overrides.find(({ key }) => !ofMeasuring.includes(key));
    if (other !== undefined) throw notMeasured(other.key, ofMeasuring);
  }
  if (apart !== undefined)
    checkReadApart(
      apart,
      overrides.filter(({ key }) => ofMeasuring.includes(key) || key.startsWith('evaluation.')),
    );
  const { withDecoding } = await import('../data/coded-items.ts');
  const { checkAskedOnce } = await import('../run/open/check-config.ts');
  const { openTrainedRun } = await import('../run/open/open-run.ts');
  const { openWeights } = await import('../run/open/open-weights.ts');
  const { evaluateSet, examplesOf } = await import('../run/evaluation/evaluate-set.ts');
  const { sampledExamples } = await import('../run/evaluation/sampled-examples.ts');
  const { baselinesBeside } = await import('../run/evaluation/baseline-ranks.ts');
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { listDefinition, listFiguresAsked } = await import('../run/evaluation/list-figures.ts');
  const { queryParts, rankSegments } = await import('../run/evaluation/rank-segments.ts');
  const { segmentListings } = await import('../run/evaluation/segment-listing.ts');
  const { chosenByItself } = await import('../run/evaluation/tested-checkpoint.ts');
  const { judge } = await import('../run/verdict/verdict.ts');
  const { renderVerdict } = await import('../run/verdict/verdict-text.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const { formatMetric } = await import('../terminal/format.ts');
  const { figures, renderListing } = await import('../terminal/listing.ts');
  const { renderDefinition, renderTable } = await import('../terminal/table.ts');
  const { printWarnings } = await import('../terminal/print-warnings.ts');
  const { withMeasuring } = await import('../run/evaluation/with-measuring.ts');

  const out = textOption('out', options.out) ?? 'runs';
  const dataFolder = textOption('data', options.data);
  const progress = new Progress({ quiet: options.quiet });
  // Read twice, but a wrong key is told before the data are read.
  const measured = from === undefined ? withMeasuring(out, name ?? '', overrides) : undefined;
  await startBackend(options);
  const place = { out, dataFolder, progress };
  const trained =
    from === undefined
      ? await openTrainedRun({ ...place, run: name ?? '', checkpoint: askedCheckpoint, takesGeneration: true })
      : await openWeights({ ...place, subject: name, from, configFile, overrides });
  const { checkpoint } = trained;
  const config = measured ?? trained.config;
  const rules = config.evaluation;
  // What a run was measured by before there was the check stays readable.
  if (from !== undefined || overrides.some(({ key }) => key === 'evaluation.positions')) checkAskedOnce(config);
  if (trained.data.generation !== undefined && apart !== undefined)
    throw new UsageError(
      `--${apart}: expected it with a run of retrieval; got one of generation, which has no vectors`,
    );
  const data = withDecoding(trained.data, config);
  const opened = { ...trained, config: { ...trained.config, evaluation: rules }, data };
  const excludeSeen = options.includeSeen ? false : rules.excludeSeen;
  const chosenBy = checkpoint === undefined ? [] : chosenByItself(checkpoint, part, data.split);
  if (days !== undefined) {
    const { futureCommand } = await import('../run/evaluation/future.ts');
    return futureCommand(opened, {
      days,
      part,
      excludeSeen: excludeSeen !== false,
      chosenBy,
      json: options.json === true,
      progress,
    });
  }
  if (positiveRating !== undefined) {
    const { actionsCommand } = await import('../run/evaluation/actions.ts');
    const of = { part, chosenBy, positiveRating };
    return actionsCommand(opened, { ...of, json: options.json === true, progress });
  }
  if (options.windows) {
    const { windowsCommand } = await import('../run/evaluation/windows-command.ts');
    return windowsCommand(opened, {
      chosenBy,
      includeSeen: options.includeSeen,
      json: options.json === true,
      progress,
    });
  }
  if (options.cached) {
    const { cachedCommand } = await import('../run/evaluation/cached.ts');
    return cachedCommand(opened, {
      ...{ part, chosenBy, progress, json: options.json === true },
      options: { ...rules, excludeSeen },
    });
  }
  const whole = examplesOf(opened.data, part);
  const set = sample === undefined ? whole : sampledExamples(whole, sample);
  const context = {
    data: opened.data,
    options: { ...rules, excludeSeen, baselines: baselines ?? rules.baselines },
    window: opened.config.model.maxSequenceLength,
    progress,
  };
  // Of the whole set, so that a sample has the parts that all have.
  const columns = queryParts(whole, context);
  const evaluation = await evaluateSet(opened.model, set, context);
  const warnings = [...evaluation.warnings, ...chosenBy];
  const metrics = { ...evaluation.metrics, ...(await listFiguresAsked(opened.model, set, context)) };
  const segments = rankSegments(columns, evaluation, rules.ks);
  const kept = from === undefined && sample === undefined;
  const beside = { run: kept ? openRunDir(out, name ?? '') : undefined, config: trained.config };
  // Ranks that are kept with the run are those of its own rules, whatever is asked for now.
  const { ranked, skipped, definitions } = await baselinesBeside(beside, { set, evaluation }, context);
  const definition = [...evaluation.definition, ...listDefinition(rules), ...definitions];
  const verdict = judge(evaluation, ranked, { ...rules, split: part });
  if (options.json) {
    const about = { run: opened.run.id, ...(checkpoint && { checkpoint }), split: part };
    const all = {
      ...about,
      metrics,
      ...(segments.length > 0 && { segments }),
      warnings,
      verdict,
      leftOut: skipped,
      definition,
    };
    console.log(JSON.stringify(all, null, 2));
    return 0;
  }
  const rows = Object.entries(metrics).map(([metric, value]) => [metric, formatMetric(value)]);
  console.log(`${opened.about}, ${part} set\n`);
  console.log(renderTable([{ title: 'metric' }, { title: 'value', align: 'right' }], rows));
  printWarnings(warnings);
  console.log(`\n${renderVerdict(opened.name, verdict, skipped)}`);
  for (const { titles, rows: own, note } of segmentListings({ segments, baselines: [] })) {
    if (own.length > 0) console.log(`\n${renderListing([figures(titles, own)])}`);
    if (note !== undefined) console.log(`\n${note}`);
  }
  console.log(`\n${renderDefinition(definition)}`);
  return 0;
}

/** For a key that decides weights. */
function notMeasured(key: string, measured: readonly string[]): UsageError {
  return new UsageError(
    `--${key}: expected one of ${measured.map((each) => `--${each}`).join(', ')}; a trained run keeps the rest`,
  );
}

/** Names with commas; `none` is an empty list. */
async function baselinesOption(value: unknown): Promise<string[] | undefined> {
  const text = textOption('baselines', value);
  if (text === undefined) return undefined;
  if (text === 'none') return [];
  const { knownBaselines } = await import('@seqrec/models');
  return text.split(',').map((name) => choiceOption('baselines', name, knownBaselines()) as string);
}
