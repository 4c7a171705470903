import { z } from 'zod';
import { flag, text } from './fields.ts';

const units = z.enum(['s', 'ms', 'us', 'ns', 'iso']);

export const delimiter = text.optional().describe('What stands between fields. Default: found in the first line.');
export const quote = z
  .union([z.literal(false), z.string().regex(/^(.|none)$/su, 'expected one character, or none')])
  .optional()
  .describe(
    'Character around fields that hold the delimiter; `none` takes quotes as ordinary. Default `"`, with tabs `none`.',
  );
export const encoding = z.enum(['utf8', 'latin1']).optional().describe('Encoding of the text. Default `utf8`.');

export const timeUnit = units
  .optional()
  .describe('How times are written: seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601.');
export const timeFormat = text
  .optional()
  .describe('In place of a unit, how times are written, as strptime has it: `%d.%m.%Y %H:%M`.');
export const missing = z
  .array(z.string())
  .optional()
  .describe('What says that there is no value, besides an empty field. Default NA, NaN, nan, null, NULL, None, \\N.');

const kinds = ['id', 'ids', 'number', 'time', 'text'] as const;

const further = 'A further column: how it is read, by its kind or by an object with more.';
const howRead = `expected how the column is read: ${kinds.join(', ')}`;
/** Which kinds a key of a column is for. */
const kindsOf: Readonly<Record<string, readonly string[]>> = {
  separator: ['ids', 'number'],
  distinct: ['ids'],
  vocabulary: ['id', 'ids'],
  width: ['number'],
  unit: ['time'],
};

const ColumnKeys = z.strictObject({
  kind: z.enum(kinds).describe('How the column is read.'),
  column: text.optional().describe('Its name in the header line, where that is another one.'),
  separator: text
    .optional()
    .describe('Of ids and number: what stands between the entries; default `|`, of numbers a blank.'),
  distinct: flag.optional().describe('Of ids: take an id that stands twice in a list once.'),
  vocabulary: text
    .optional()
    .describe('Of id and ids: columns of the same vocabulary share their ids; default: the name of the column.'),
  width: z.int().min(1).max(4096).optional().describe('Of number: how many numbers a row has; default 1.'),
  unit: units
    .optional()
    .describe('Of time: how it is written, seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601.'),
});

const ColumnObject = ColumnKeys.superRefine((column, context) => {
  for (const [key, value] of Object.entries(column)) {
    if (value === undefined || kindsOf[key] === undefined || kindsOf[key].includes(column.kind)) continue;
    const message = `expected it of the kind ${kindsOf[key].join(' or ')} alone, not of ${column.kind}`;
    context.addIssue({ code: 'custom', path: [key], message, input: value });
  }
});

export const ColumnConfig = z.union([z.enum(kinds, howRead), ColumnObject]).describe(further);

/** Keys of `columns` that name the column of a role. */
const columnRoles = ['user', 'item', 'time', 'rating', 'title'];

const sideFile = {
  path: text.describe('The file, plain or `.gz`.'),
  id: text.describe('The column of the ids.'),
  columns: z.record(text, ColumnConfig).default({}).describe('Its further columns: name, and how the column is read.'),
  delimiter,
  quote,
  encoding,
  header: flag
    .optional()
    .describe('`false`: there is no header line, and columns are given by their positions from 0. Default true.'),
};

export const labels = z
  .array(text)
  .refine((names) => new Set(names).size === names.length, 'expected each label once')
  .optional();

/** What the rows of a table are, whatever they come from. */
export const table = {
  columns: z
    .object({
      user: text.describe('The column of the user.'),
      item: text.describe('The column of the item.'),
      time: text
        .optional()
        .describe('The column of the time. Without it the order of the file is the order of events.'),
      rating: text.optional().describe('The column of the rating.'),
      title: text.optional().describe('The column of what people read of an item.'),
    })
    .catchall(z.union([text, ColumnObject]).describe(further))
    .superRefine((columns, context) => {
      for (const [key, value] of Object.entries(columns)) {
        if (columnRoles.includes(key) || typeof value !== 'string' || (kinds as readonly string[]).includes(value))
          continue;
        const message = `${howRead}, as ${key} is not one of ${columnRoles.join(', ')}`;
        context.addIssue({ code: 'custom', path: [key], message, input: value });
      }
    })
    .describe(
      'Names in the header line of what the user, the item and so on are; `none` takes away an optional one that a recipe has set. Any other key is the name of a further column, and its value says how it is read: `price: number`.',
    ),
  action: text.optional().describe('The column of what the user did.'),
  request: text.optional().describe('The column that groups rows which were shown together.'),
  labels: labels.describe('Columns of labels.'),
  items: z
    .strictObject({
      ...sideFile,
      corpus: z
        .enum(['listed', 'occurring', 'both'])
        .optional()
        .describe(
          'What can be recommended: the items of the file (an event of another one is a bad row), those with events, or all of them. Default `both`.',
        ),
      title: text.optional().describe('The column that people read.'),
      categories: text.optional().describe('The column that groups items.'),
    })
    .optional()
    .describe('A file with one item a row, joined by id.'),
  users: z.strictObject(sideFile).optional().describe('A file with one user a row, joined by id.'),
  timeUnit,
  timeFormat,
  allowEarlyTimes: flag.optional().describe('Take times that all lie in 1970, which otherwise are a wrong unit.'),
  missing,
  rowNumberAsTime: flag
    .optional()
    .describe(
      "For data without a time column: true lets models and objectives that read times take the number of the event in its user's sequence for seconds. Without it they are refused.",
    ),
};
