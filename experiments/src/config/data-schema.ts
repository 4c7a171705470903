import { csvReaders, datasetNames, sourceFormats } from '@seqrec/data';
import { z } from 'zod';
import { count, flag, seed, share, text } from './fields.ts';
import { preparation } from './preparation-schema.ts';
import { definedSourceSchemas, ownKeys } from './source-schema.ts';
import {
  ColumnConfig,
  delimiter,
  encoding,
  labels,
  missing,
  quote,
  table,
  timeFormat,
  timeUnit,
} from './table-schema.ts';

const NamedConfig = z
  .strictObject({
    format: z.literal('named'),
    name: z.enum(datasetNames()).describe('A data set that `seqrec data` knows; it is looked for in the data folder.'),
    ...preparation,
  })
  .describe('A data set that is known by name.');

const FilesConfig = z
  .strictObject({
    format: z.literal('files'),
    path: text.describe(
      'A zip, folder or file in a published layout: of MovieLens, Amazon, Yelp; or in that of FuxiCTR.',
    ),
    ...preparation,
  })
  .describe('A data set in a published layout.');

const CsvConfig = z
  .strictObject({
    format: z.literal('csv'),
    path: text.describe(
      'A delimited file with one event a line, plain, `.gz`, or inside a zip or folder; Parquet; JSON lines.',
    ),
    file: text.optional().describe('Name of the file inside a zip or folder that holds several.'),
    delimiter,
    quote,
    encoding,
    header: flag
      .optional()
      .describe('`false`: the first line is an event, and columns are given by their positions from 0. Default true.'),
    reader: z
      .enum(csvReaders)
      .optional()
      .describe(
        'What reads delimited text, with the same result: `csv-parse`; `duckdb`, several times as fast for big files; `auto` (default): DuckDB from 16 MiB on where it is installed. A file that is not plain is left to csv-parse.',
      ),
    ...table,
    ...preparation,
  })
  .describe('A table in a file: delimited text, Parquet, JSON lines.');

const FuxiCtrConfig = z
  .strictObject({
    format: z.literal('fuxictr'),
    path: text.describe(
      'A folder or zip with train.csv, valid.csv and test.csv (or .gz): a label and fields, the layout of FuxiCTR.',
    ),
    columns: z
      .object({
        user: text.optional().describe('The field of the user.'),
        item: text.optional().describe('The field of the item.'),
        time: text.optional().describe('The field of the time.'),
      })
      .catchall(ColumnConfig)
      .default({})
      .describe(
        'Fields that are the user, the item and the time, where there are such; any other key is a field, and its value says how it is read: `price: number`. The others are ids.',
      ),
    labels: labels.describe('Fields that are labels; default `label`.'),
    timeUnit,
    timeFormat,
    missing,
    ...preparation,
  })
  .describe('Clicks in the layout of FuxiCTR.');

const SqlConfig = z
  .strictObject({
    format: z.literal('sql'),
    query: text.describe("One SELECT that DuckDB runs, as `select user, item, t from 'events/*.parquet'`."),
    ...table,
    ...preparation,
  })
  .describe('What a query of DuckDB returns.');

const SyntheticConfig = z
  .strictObject({
    format: z.literal('synthetic'),
    records: count.describe('Records of the world, each the history of one user.'),
    items: count.describe('Items of the world.'),
    categories: count.describe('Categories of the items.'),
    length: z.int().min(2).describe('Events of a record; the last one is its target.'),
    maxCategories: count.optional().describe("Categories of a record, at most; default 5, the paper's."),
    categoryCount: z
      .enum(['uniform', 'exact'])
      .optional()
      .describe(
        'How many categories a record has: 1 to `maxCategories`, drawn uniformly (default), or exactly that many.',
      ),
    prior: z
      .enum(['dirichlet', 'normalised-uniform'])
      .optional()
      .describe(
        'Random weights of the categories of a record: uniform on the simplex (default), or uniform numbers divided by their sum.',
      ),
    seed: seed.describe('Seed of the world, not of the training.'),
    rowNumberAsTime: flag
      .optional()
      .describe(
        'Lets models and objectives that read times take the number of the event in its sequence for seconds: the world has an order and no times.',
      ),
  })
  // A world is made in memory.
  .refine(({ records, length }) => records * length <= 2 ** 28, {
    path: ['records'],
    message: 'expected at most 2^28 events, records times length',
  })
  .refine(({ items, categories }) => items <= 2 ** 26 && categories <= items, {
    path: ['items'],
    message: 'expected at most 2^26 items, and as many as categories at least',
  })
  .describe('The streaming world of Zhai et al. 2024, section 3.1 and appendix C.');

const SyntheticRankingConfig = z
  .strictObject({
    format: z.literal('synthetic-ranking'),
    users: count.describe('Users of the world. The benchmark: 5,000,000.'),
    items: count.describe('Items of the world. The benchmark: 10^9.'),
    seed: seed.describe('Seed of the world, not of the training.'),
    steps: z.int().min(3).max(10_000).optional().describe('Steps of the stream; default 100.'),
    categories: count.optional().describe('Categories, equal blocks of the items; default 128.'),
    categoriesPerUser: z
      .int()
      .min(4)
      .max(1024)
      .optional()
      .describe('Categories of a user, whose order decides what the user thinks of their items; default 4.'),
    eventsPerStep: count
      .optional()
      .describe(
        'Mean of the events of a user in a step; default 50 events an item, `floor(50 items / users / steps)`.',
      ),
    candidates: count
      .optional()
      .describe(
        'Rows of a request in training, a sample of the events of its step; default 32. A step has one more event at least.',
      ),
    testCandidates: count.optional().describe('Rows of a request in the test steps; default 2,048.'),
    presence: z.number().gt(0).max(1).optional().describe('Probability that a user comes at a step; default 0.7.'),
    trainShare: share.optional().describe('Share of the steps, the first ones, that train and validate; default 0.9.'),
    validationSteps: z
      .int()
      .min(0)
      .optional()
      .describe('The last of these, that validate; default 1; 0: no validation part.'),
    validationShare: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe(
        'Share of the requests of the other steps, by chance, that validate as well; their ratings are in the histories of later ones that train; default 0.',
      ),
    maxHistory: count.optional().describe('Latest events of a history that are kept; default all.'),
  })
  // A world is made in memory.
  .refine((world) => eventsOf(world) <= 2 ** 27, {
    path: ['users'],
    message: 'expected at most 2^27 events: users times steps times events, and test candidates in the steps that test',
  })
  .refine(({ items }) => items <= 2 ** 26, { path: ['items'], message: 'expected at most 2^26 items' })
  .describe("The synthetic streaming data of MLPerf's DLRM-v3 benchmark, whose best scores are known.");

/** Events of a world of rows, about. */
function eventsOf(world: {
  readonly users: number;
  readonly items: number;
  readonly steps?: number;
  readonly eventsPerStep?: number;
  readonly candidates?: number;
  readonly testCandidates?: number;
  readonly trainShare?: number;
}): number {
  const { users, items, steps = 100, candidates = 32, testCandidates = 2048, trainShare = 0.9 } = world;
  const { eventsPerStep = Math.floor((50 * items) / users / steps) } = world;
  const tested = steps - Math.floor(steps * trainShare);
  return users * (steps * Math.max(eventsPerStep, candidates + 1) + tested * testCandidates);
}

/** The formats of data that are built in. */
const BuiltIn = z.discriminatedUnion('format', [
  NamedConfig,
  FilesConfig,
  CsvConfig,
  FuxiCtrConfig,
  SqlConfig,
  SyntheticConfig,
  SyntheticRankingConfig,
]);

/** Of the formats of plug-ins; how they break ties is theirs. */
const { ties: _, ...definedPreparation } = { ...preparation, rowNumberAsTime: table.rowNumberAsTime };

export type DataConfig = z.output<typeof BuiltIn>;

/** Of data that are made in memory and read no file; how they are split is theirs. */
export type WorldConfig = Extract<DataConfig, { format: 'synthetic' | 'synthetic-ranking' }>;

export function isWorld(config: DataConfig): config is WorldConfig {
  return config.format === 'synthetic' || config.format === 'synthetic-ranking';
}

/** The schema of `data`, with the formats that are known by now; the types are those of the built-in ones. */
export function dataConfigSchema(): z.ZodType<DataConfig, z.input<typeof BuiltIn>> {
  if (sourceFormats().length === 0) return BuiltIn;
  return z.discriminatedUnion('format', [...BuiltIn.options, ...definedSourceSchemas(definedPreparation)]) as never;
}

/** Whether the format of a configuration comes from a plug-in. */
export function isDefinedFormat({ format }: { readonly format: string }): boolean {
  return sourceFormats().includes(format);
}

/** What the source of a plug-in reads: its own keys. */
export function sourceKeys(config: { readonly format: string }): { readonly format: string } {
  return ownKeys(config, definedPreparation);
}
