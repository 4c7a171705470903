import type { EncodedColumn } from '@seqrec/data';
import { z } from 'zod';
import type { FieldShape } from '../features/field-table.ts';
import { checkedFields, float32Deviation, goldenTensor, tensorOf } from './file.ts';
import { goldenTensors } from './module.ts';

const source = { source: z.string().optional() };
export const fuxiCtrFeature = z.discriminatedUnion('type', [
  z.object({ name: z.string(), type: z.literal('categorical'), vocabulary: z.int().min(1), ...source }),
  z.object({
    name: z.string(),
    type: z.literal('sequence'),
    vocabulary: z.int().min(1),
    pooling: z.string().optional(),
    /** The field whose table it reads: a history of such values, and no list of a field. */
    share: z.string().optional(),
    ...source,
  }),
  z.object({ name: z.string(), type: z.literal('numeric'), ...source }),
]);

const fuxiCtrSchema = z.object({
  name: z.string(),
  kind: z.string(),
  config: z.object({
    model: z.string(),
    features: z.array(fuxiCtrFeature),
    labels: z.array(z.string()).min(1).default(['label']),
    arguments: z.record(z.string(), z.unknown()),
    /** Whether the passes are those of training. */
    mode: z.enum(['train', 'eval']).default('eval'),
  }),
  inputs: goldenTensors,
  parameters: goldenTensors,
  /** `y_pred`, of several labels `LABEL_pred`; a tap is a tensor or a list of them. */
  outputs: z
    .object({ taps: z.record(z.string(), z.union([goldenTensor, z.array(goldenTensor)])).default({}) })
    .catchall(z.union([goldenTensor, z.number()])),
  loss: z.number(),
  gradients: goldenTensors,
  inputGradients: goldenTensors.default({}),
  float32Deviation,
});

/** A ranking model of FuxiCTR: ids in, probabilities out. */
export type FuxiCtrFile = z.output<typeof fuxiCtrSchema>;
type FuxiCtrFeature = FuxiCtrFile['config']['features'][number];

/** @throws GoldenError naming the field, what was expected and what was got. */
export function parseFuxiCtr(json: unknown): FuxiCtrFile {
  return checkedFields(fuxiCtrSchema, json, '');
}

export function argumentsOf<T>(schema: z.ZodType<T>, { config }: FuxiCtrFile): T {
  return checkedFields(schema, config.arguments, 'config.arguments.');
}

/** A field of the file: rows are its ids as they are. */
export interface FuxiCtrField extends FieldShape {
  readonly column: EncodedColumn;
  readonly source?: string;
}

/** The fields of a file and their values. */
export function fieldsOfFile({ config, inputs }: FuxiCtrFile): FuxiCtrField[] {
  return config.features
    .filter((each) => !isHistory(each))
    .map((each) => {
      const column = columnOf(each, tensorOf(inputs, each.name));
      const shape =
        column.kind === 'number'
          ? { kind: column.kind, width: column.width }
          : { kind: column.kind, size: column.size };
      return { name: each.name, shape, column, source: each.source };
    });
}

/** Whether a feature is of the events of a history. */
export function isHistory(feature: FuxiCtrFeature): boolean {
  return feature.type === 'sequence' && feature.share !== undefined;
}

/** Of a sequence the entries that are not 0, the padding. */
function columnOf(of: FuxiCtrFeature, { shape, data }: { shape: readonly number[]; data: number[] }): EncodedColumn {
  if (of.type === 'numeric') return { kind: 'number', width: 1, values: Float32Array.from(data) };
  if (of.type === 'categorical') return { kind: 'row', size: of.vocabulary, values: Int32Array.from(data) };
  const lists = Array.from({ length: shape[0] }, (_, b) =>
    data.slice(b * shape[1], (b + 1) * shape[1]).filter((id) => id !== 0),
  );
  const offsets = new Int32Array(lists.length + 1);
  for (const [b, list] of lists.entries()) offsets[b + 1] = offsets[b] + list.length;
  return { kind: 'rows', size: of.vocabulary, values: Int32Array.from(lists.flat()), offsets };
}

/** Lambda of a regulariser: a number, or the text `l2(...)`. */
export const regulariser = z
  .union([
    z.number().min(0),
    z
      .string()
      .regex(/^l2\([\d.e-]+\)$/)
      .transform((text) => Number(text.slice(3, -1))),
    z.null().transform(() => 0),
  ])
  .default(0);
