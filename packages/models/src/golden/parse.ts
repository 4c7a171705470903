import { z } from 'zod';
import { GoldenError } from '../errors.ts';

const size = z.int().min(1);
const countOrZero = z.int().min(0);

const tensor = z
  .strictObject({ shape: z.array(z.int().min(0)), data: z.array(z.number()) })
  .refine(({ shape, data }) => shape.reduce((product, axis) => product * axis, 1) === data.length, {
    path: ['data'],
    message: 'as many numbers as the shape needs',
  });

const goldenSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['hstu', 'sasrec']),
  config: z.strictObject({
    numItems: size,
    embeddingDim: size,
    maxSequenceLength: size,
    outputLength: size,
    paddedLength: size,
    numBlocks: size,
    numHeads: size,
    dqk: countOrZero,
    dv: countOrZero,
    ffnDim: countOrZero,
    numNegatives: size,
    temperature: z.number().gt(0),
  }),
  lengths: z.array(z.int().min(1)).min(1),
  ids: tensor,
  timestamps: tensor,
  negatives: tensor,
  parameters: z.record(z.string(), tensor),
  encoded: tensor,
  loss: z.number(),
  gradients: z.record(z.string(), tensor),
});

/** One small model evaluated by the reference implementation: inputs, parameters, outputs, loss and gradients. */
export type Golden = z.output<typeof goldenSchema>;

/**
 * Checks the content of a golden file. Any file of the format is accepted: other sizes, heads,
 * `dqk != dv`, longer sequences.
 *
 * @param json the parsed JSON.
 * @throws GoldenError naming the field, what was expected and what was got.
 */
export function parseGolden(json: unknown): Golden {
  const result = goldenSchema.safeParse(json);
  if (!result.success) {
    const [first] = result.error.issues;
    const path = first.path.map(String).join('.');
    throw new GoldenError(
      `parseGolden: ${path === '' ? 'the file' : path}: ${first.message}; see the format in golden/README`,
    );
  }
  checkConsistency(result.data);
  return result.data;
}

function checkConsistency(golden: Golden): void {
  const { config, lengths, ids, timestamps, negatives, encoded } = golden;
  const n = config.maxSequenceLength + config.outputLength;
  expectEqual('config.paddedLength', config.paddedLength, n);
  const b = lengths.length;
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  expectShape('ids', ids.shape, [b, n]);
  expectShape('timestamps', timestamps.shape, [b, n]);
  expectShape('encoded', encoded.shape, [b, n, config.embeddingDim]);
  expectShape('negatives', negatives.shape, [tokens, config.numNegatives]);
  for (const [i, length] of lengths.entries()) {
    // Column `length` holds the target, so it must exist.
    if (length >= n) throw new GoldenError(`parseGolden: lengths.${i}: expected at most ${n - 1}; got ${length}`);
    for (let column = 0; column <= length; column++)
      checkId(ids.data[i * n + column], config.numItems, `ids.${i}.${column}`);
  }
  for (const [i, id] of negatives.data.entries()) checkId(id, config.numItems, `negatives.${i}`);
  if (golden.kind === 'hstu' && (config.dqk < 1 || config.dv < 1)) {
    throw new GoldenError(`parseGolden: config: expected dqk, dv >= 1 for hstu; got ${config.dqk}, ${config.dv}`);
  }
  if (golden.kind === 'sasrec' && config.ffnDim < 1) {
    throw new GoldenError(`parseGolden: config.ffnDim: expected at least 1 for sasrec; got ${config.ffnDim}`);
  }
}

function checkId(id: number, numItems: number, where: string): void {
  if (Number.isInteger(id) && id >= 1 && id <= numItems) return;
  throw new GoldenError(`parseGolden: ${where}: expected an item id in 1..${numItems}; got ${id}`);
}

function expectEqual(where: string, got: number, expected: number): void {
  if (got !== expected) throw new GoldenError(`parseGolden: ${where}: expected ${expected}; got ${got}`);
}

function expectShape(where: string, got: readonly number[], expected: readonly number[]): void {
  if (got.length === expected.length && got.every((axis, i) => axis === expected[i])) return;
  throw new GoldenError(`parseGolden: ${where}: expected shape [${expected.join(', ')}]; got [${got.join(', ')}]`);
}
