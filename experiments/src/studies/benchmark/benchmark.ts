import type { TargetRule } from '@seqrec/data';
import { parseSpace, type WrittenSpace } from '../../config/search-space.ts';
import { ConfigError } from '../../errors.ts';

/** Keys of a configuration with dots, as on the command line. */
export type Changes = Readonly<Record<string, string>>;

/** How data are split and models judged: all models alike. */
export interface BenchmarkProtocol {
  /** Of the sections `data` and `evaluation`. */
  readonly changes: Changes;
  /**
   * Further targets that the same models are tested on, by name: those that another rule of a split by time picks. A
   * model is trained and chosen once.
   */
  readonly tests?: Readonly<Record<string, TargetRule>>;
}

export interface BenchmarkModel {
  readonly recipe: string;
  readonly changes?: Changes;
  /** Further changes for one of the data sets. */
  readonly on?: Readonly<Record<string, Changes>>;
  /** What `--tune` draws from; default: the space of its recipe. */
  readonly space?: WrittenSpace;
  /** The losses that it is trained by; default: all of the benchmark. */
  readonly losses?: readonly string[];
}

/** What others have printed for a cell. */
export interface PublishedRow {
  readonly data: string;
  readonly protocol: string;
  /** A name among `tests` of the protocol; default: its own targets. */
  readonly test?: string;
  readonly model: string;
  /** Default: every loss. */
  readonly loss?: string;
  /** Of a model that trains on the validation part as well (`--retrain`). */
  readonly retrained?: boolean;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * A grid of protocols, data sets, models and losses that is run over seeds, as data. What a cell changes of the recipe
 * of its model comes in this order, the later one counts: training, model, data, protocol, loss, model on these data.
 */
export interface Benchmark {
  readonly title: string;
  readonly source: string;
  /** Protocol and caveats, printed with the figures. */
  readonly notes: readonly string[];
  /** Files, relative to the file of the benchmark, and packages that define what its configurations name. */
  readonly plugins?: readonly string[];
  readonly data: Readonly<Record<string, Changes>>;
  readonly protocols: Readonly<Record<string, BenchmarkProtocol>>;
  /** Changes of the section `training` that all models have, where their own do not say otherwise. */
  readonly training?: Changes;
  readonly models: Readonly<Record<string, BenchmarkModel>>;
  /** Default: each model by the loss of its recipe. */
  readonly losses?: Readonly<Record<string, Changes>>;
  /** What the tables show; the first one orders rows and is compared. */
  readonly metrics: readonly string[];
  readonly baselines: readonly string[];
  readonly published?: readonly PublishedRow[];
  /** Relative distance from a published figure that counts as reproduced, such as 0.1. */
  readonly tolerance?: number;
  /** What `--quick` changes in every cell: fewer epochs, for example. */
  readonly quick: Changes;
  /** The data sets of `--quick`, where none are named; default: all. */
  readonly quickData?: readonly string[];
}

/** Declares a benchmark. @throws ConfigError for a name that nothing has. */
export function defineBenchmark(benchmark: Benchmark): Benchmark {
  const { data, protocols, models, losses = {}, published = [] } = benchmark;
  for (const key of Object.keys(benchmark.training ?? {}))
    if (!key.startsWith('training.'))
      throw new ConfigError(`benchmark: training: expected keys of training.; got ${key}`, 'put it into the models');
  for (const [name, { on = {}, losses: own = [], space }] of Object.entries(models)) {
    if (space !== undefined) parseSpace(space, () => `benchmark: models.${name}.space: `);
    for (const each of Object.keys(on)) check(`models.${name}.on`, each, data);
    for (const each of own) check(`models.${name}.losses`, each, losses);
  }
  for (const each of benchmark.quickData ?? []) check('quickData', each, data);
  for (const [i, row] of published.entries()) {
    check(`published[${i}].data`, row.data, data);
    check(`published[${i}].protocol`, row.protocol, protocols);
    check(`published[${i}].model`, row.model, models);
    if (row.loss !== undefined) check(`published[${i}].loss`, row.loss, losses);
    if (row.test !== undefined) check(`published[${i}].test`, row.test, protocols[row.protocol].tests ?? {});
    for (const metric of Object.keys(row.figures))
      if (!benchmark.metrics.includes(metric))
        throw new ConfigError(
          `benchmark: published[${i}].figures: expected ${benchmark.metrics.join(', ')}; got ${metric}`,
        );
  }
  return benchmark;
}

function check(where: string, name: string, known: object): void {
  if (Object.hasOwn(known, name)) return;
  throw new ConfigError(
    `benchmark: ${where}: expected one of ${Object.keys(known).join(', ')}; got ${name}`,
    'leave it out where it came with another benchmark',
  );
}
