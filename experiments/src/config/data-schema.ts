import { csvReaders, datasetNames, sourceFormats } from '@seqrec/data';
import { z } from 'zod';
import { definedSourceSchemas, ownKeys } from './source-schema.ts';
import { SplitConfigSchema } from './split-schema.ts';

/** Epochs, events, items. */
export const count = z
  .int()
  .positive()
  .max(2 ** 28);

/** A label from a column of numbers: rows between the bounds, and those without a number, are dropped. */
const LabelConfig = z
  .strictObject({
    /** Of the events. It is no feature of an event any more. */
    column: z.string().min(1),
    /** Rows above are positive, those below negative. */
    positiveAbove: z.number(),
    negativeBelow: z.number(),
    /** Of the new column, which has the role `labels`. */
    name: z.string().min(1).default('label'),
  })
  .refine(({ positiveAbove, negativeBelow }) => negativeBelow <= positiveAbove, {
    path: ['negativeBelow'],
    message: 'expected a number of at most positiveAbove',
  });

/** How files are read, and how events are filtered and split. */
const preparation = {
  /**
   * Order of the events of one user that share a time: `file-order`, or `shuffle:SEED`. Default: what is known to be
   * right for the data set (`seqrec data` says which), `file-order` for a csv.
   */
  ties: z
    .string()
    .regex(/^(file-order|shuffle(:\d{1,15})?)$/, 'expected file-order or shuffle:SEED')
    .optional(),
  /** Count and report rows that cannot be read instead of stopping at the first. */
  lenient: z.boolean().optional(),
  split: SplitConfigSchema,
  /**
   * Columns of the events that are known only after the event (how long it was read): no features of it. Nothing is
   * inferred; `seqrec data` warns of columns that alone tell a label.
   */
  after: z.array(z.string().min(1)).optional(),
  /** Keep a share of the users out of training and validation: recent and older sequences are tested on them. */
  heldOut: z.strictObject({ share: z.number().gt(0).lt(1), seed: z.int().min(0).default(1) }).optional(),
  /** Take the events of a share of the items out of training, but for targets: cold items to test features on. */
  coldItems: z.strictObject({ share: z.number().gt(0).lt(1), seed: z.int().min(0).default(1) }).optional(),
  /** Keep only ratings of at least this value. */
  minRating: z.number().optional(),
  /** What a ranker learns, made from a column: 1 above a bound, 0 below another. */
  label: LabelConfig.optional(),
  /** Drop users and items with fewer events than this, until none are left to drop. */
  kCore: count.optional(),
};

const NamedConfig = z.strictObject({
  format: z.literal('named'),
  /** A data set that `seqrec data` knows; it is looked for in the data folder. */
  name: z.enum(datasetNames()),
  ...preparation,
});

const FilesConfig = z.strictObject({
  format: z.literal('files'),
  /** A zip, folder or file in a published layout: of MovieLens, Amazon, Yelp; or in that of FuxiCTR. */
  path: z.string().min(1),
  ...preparation,
});

const timeUnit = z.enum(['s', 'ms', 'us', 'ns', 'iso']);
const encoding = z.enum(['utf8', 'latin1']);
const quote = z.union([z.literal(false), z.string().regex(/^(.|none)$/su, 'expected one character, or none')]);

const kinds = ['id', 'ids', 'number', 'time', 'text'] as const;

const howRead = `expected how the column is read: ${kinds.join(', ')}`;
const ColumnObject = z.strictObject({
  kind: z.enum(kinds),
  /** Its name in the header line, where that is another one. */
  column: z.string().min(1).optional(),
  /** ids, number: what stands between the entries; default `|`, of numbers a blank. */
  separator: z.string().min(1).optional(),
  /** ids: take an id that stands twice in a list once. */
  distinct: z.boolean().optional(),
  /** id, ids: columns of the same vocabulary share their ids; default: the name of the column. */
  vocabulary: z.string().min(1).optional(),
  /** number: how many a row. */
  width: z.int().min(1).max(4096).optional(),
  /** time. */
  unit: timeUnit.optional(),
});

/** How a column is read: its kind, or an object with more. */
const ColumnConfig = z.union([z.enum(kinds, howRead), ColumnObject]);

/** Keys of `columns` that name the column of a role. */
const columnRoles = ['user', 'item', 'time', 'rating', 'title'];

const sideFile = {
  /** The file, plain or `.gz`. */
  path: z.string().min(1),
  /** The column of the ids. */
  id: z.string().min(1),
  columns: z.record(z.string().min(1), ColumnConfig).default({}),
  delimiter: z.string().min(1).optional(),
  quote: quote.optional(),
  encoding: encoding.optional(),
  header: z.boolean().optional(),
};

/** What the rows of a table are, whatever they come from. */
const table = {
  /**
   * Names in the header line of what the user, the item and so on are; `none` takes away an optional one that a recipe
   * has set. Any other key is the name of a further column, and its value says how it is read: `price: number`.
   */
  columns: z
    .object({
      user: z.string().min(1),
      item: z.string().min(1),
      /** Without it the order of the file is the order of events. */
      time: z.string().min(1).optional(),
      rating: z.string().min(1).optional(),
      title: z.string().min(1).optional(),
    })
    .catchall(z.union([z.string().min(1), ColumnObject]))
    .superRefine((columns, context) => {
      for (const [key, value] of Object.entries(columns)) {
        if (columnRoles.includes(key) || typeof value !== 'string' || (kinds as readonly string[]).includes(value))
          continue;
        const message = `${howRead}, as ${key} is not one of ${columnRoles.join(', ')}`;
        context.addIssue({ code: 'custom', path: [key], message, input: value });
      }
    }),
  /** Further columns by what they are for: what the user did, what groups rows that were shown together, labels. */
  action: z.string().min(1).optional(),
  request: z.string().min(1).optional(),
  labels: z.array(z.string().min(1)).optional(),
  /** A file with one item a row, and one with one user a row, joined by id. */
  items: z
    .strictObject({
      ...sideFile,
      /**
       * What can be recommended: the items of the file (an event of another one is a bad row), those with events, or
       * all of them. Default `both`.
       */
      corpus: z.enum(['listed', 'occurring', 'both']).optional(),
      /** The column that people read, and the one that groups items. */
      title: z.string().min(1).optional(),
      categories: z.string().min(1).optional(),
    })
    .optional(),
  users: z.strictObject(sideFile).optional(),
  /** How times are written: seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601. */
  timeUnit: timeUnit.optional(),
  /** In place of a unit, how times are written, as strptime has it: `%d.%m.%Y %H:%M`. */
  timeFormat: z.string().min(1).optional(),
  /** Take times that all lie in 1970, which otherwise are a wrong unit. */
  allowEarlyTimes: z.boolean().optional(),
  /** What says that there is no value, besides an empty field. Default NA, NaN, nan, null, NULL, None, \N. */
  missing: z.array(z.string()).optional(),
  /**
   * For data without a time column: true lets models and objectives that read times take the number of the event in its
   * user's sequence for seconds. Without it they are refused.
   */
  rowNumberAsTime: z.boolean().optional(),
};

const CsvConfig = z.strictObject({
  format: z.literal('csv'),
  /** A delimited file with one event a line, plain, `.gz`, or inside a zip or folder; Parquet; JSON lines. */
  path: z.string().min(1),
  /** Name of the file inside a zip or folder that holds several. */
  file: z.string().min(1).optional(),
  /** Default: found in the first line. */
  delimiter: z.string().min(1).optional(),
  /**
   * Character around fields that hold the delimiter; `none` takes quotes as ordinary. Default `"`, with tabs `none`.
   */
  quote: quote.optional(),
  /** Default `utf8`. */
  encoding: encoding.optional(),
  /** `false`: the first line is an event, and columns are given by their positions from 0. Default true. */
  header: z.boolean().optional(),
  /**
   * What reads delimited text, with the same result: `csv-parse`; `duckdb`, several times as fast for big files; `auto`
   * (default): DuckDB from 16 MiB on where it is installed. A file that is not plain is left to csv-parse.
   */
  reader: z.enum(csvReaders).optional(),
  ...table,
  ...preparation,
});

const FuxiCtrConfig = z.strictObject({
  format: z.literal('fuxictr'),
  /** A folder or zip with train.csv, valid.csv and test.csv (or .gz): a label and fields, the layout of FuxiCTR. */
  path: z.string().min(1),
  /**
   * Fields that are the user, the item and the time, where there are such; any other key is a field, and its value says
   * how it is read: `price: number`. The others are ids.
   */
  columns: z
    .object({
      user: z.string().min(1).optional(),
      item: z.string().min(1).optional(),
      time: z.string().min(1).optional(),
    })
    .catchall(ColumnConfig)
    .default({}),
  /** Fields that are labels; default `label`. */
  labels: z.array(z.string().min(1)).optional(),
  timeUnit: timeUnit.optional(),
  timeFormat: z.string().min(1).optional(),
  missing: z.array(z.string()).optional(),
  ...preparation,
});

const SqlConfig = z.strictObject({
  format: z.literal('sql'),
  /** One SELECT that DuckDB runs, as `select user, item, t from 'events/*.parquet'`. */
  query: z.string().min(1),
  ...table,
  ...preparation,
});

/** The streaming world of Zhai et al. 2024, section 3.1 and appendix C. */
const SyntheticConfig = z
  .strictObject({
    format: z.literal('synthetic'),
    records: count,
    items: count,
    categories: count,
    /** Events of a record; the last one is its target. */
    length: z.int().min(2),
    /** What the paper leaves open; defaults and meaning: `StreamingWorldOptions` of `@seqrec/data`. */
    maxCategories: count.optional(),
    categoryCount: z.enum(['uniform', 'exact']).optional(),
    prior: z.enum(['dirichlet', 'normalised-uniform']).optional(),
    /** Seed of the world, not of the training. */
    seed: z.int().min(0),
    /** As for a csv: the world has an order and no times. */
    rowNumberAsTime: z.boolean().optional(),
  })
  // A world is made in memory.
  .refine(({ records, length }) => records * length <= 2 ** 28, {
    path: ['records'],
    message: 'expected at most 2^28 events, records times length',
  })
  .refine(({ items, categories }) => items <= 2 ** 26 && categories <= items, {
    path: ['items'],
    message: 'expected at most 2^26 items, and as many as categories at least',
  });

/** The formats of data that are built in. */
const BuiltIn = z.discriminatedUnion('format', [
  NamedConfig,
  FilesConfig,
  CsvConfig,
  FuxiCtrConfig,
  SqlConfig,
  SyntheticConfig,
]);

/** Of the formats of plug-ins; how they break ties is theirs. */
const { ties: _, ...definedPreparation } = { ...preparation, rowNumberAsTime: table.rowNumberAsTime };

export type DataConfig = z.output<typeof BuiltIn>;

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
