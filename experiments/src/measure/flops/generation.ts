import {
  addFlops,
  type Codes,
  candidateFlops,
  codeSymbols,
  codeTokens,
  type DenseConfig,
  type Flops,
  historyCuts,
  type LanguageBatch,
  linearFlops,
  type ModelConfig,
  modelFlops,
  modelKinds,
  modelWidths,
  type T5Config,
  workloadOf,
} from '@seqrec/models';
import { ConfigError } from '../../errors.ts';
import { encoderFlops } from './step.ts';

/** Items as codes, and what is learned beside these. */
export interface CodedWork {
  readonly codes: Codes;
  readonly dense?: Pick<DenseConfig, 'vectors' | 'width'> | undefined;
  /** Vectors that those of `dense` are made from. */
  readonly content?: { readonly width: number } | undefined;
}

/**
 * A training step of generation on histories of so many events, by an encoder over codes or by a generator.
 *
 * The tokens of an encoder are the codes of the events and of the item after them but its last, and each level is a
 * softmax over its codes. A generator reads the codes of the events; those of T5 under `cuts: random` are one draw.
 *
 * @param config of the model, its `maxSequenceLength` in events.
 * @param step of what is drawn. @throws ConfigError for a model without a formula.
 */
export function generationFlops(config: ModelConfig, coded: CodedWork, lengths: ArrayLike<number>, step = 1): Flops {
  const { levels, sizes, count } = codeSymbols(coded.codes);
  if (!modelKinds('encode').includes(config.kind)) {
    const read = cutLengths(config, Array.from(lengths), step).map((events) => events * levels);
    const flops = modelFlops(config, workloadOf(read, { itemRows: count + 1, written: levels }));
    if (flops !== undefined) return flops;
    throw new ConfigError(
      `flops: expected a model with a formula; got ${config.kind}`,
      'give `flops` in its definition, the argument of defineModel',
    );
  }
  const tokens = Array.from(lengths, (events) => codeTokens(events, levels));
  const labels = Array.from(lengths).reduce((sum, events) => sum + events, 0);
  const answers = sizes.map((size) => ({ size, labels }));
  return addFlops(answerFlops(config, { tokens, rows: count, answers }), denseFlops(config, coded, labels));
}

/** A training step of a language model on sentences. @throws ConfigError as {@link generationFlops}. */
export function languageFlops(config: ModelConfig, rows: number, { batch, asked }: LanguageBatch): Flops {
  const { offsets } = batch;
  const tokens = Array.from(offsets.subarray(1), (end, s) => end - offsets[s]);
  const answers = asked.map((group) => ({ size: group.size, labels: group.rows.length }));
  return answerFlops(config, { tokens, rows, answers });
}

/** An encoder over `rows` of codes or words, and its answers, each group of them a softmax over so many rows. */
function answerFlops(
  config: ModelConfig,
  work: {
    readonly tokens: readonly number[];
    readonly rows: number;
    readonly answers: readonly { readonly size: number; readonly labels: number }[];
  },
): Flops {
  const { tokens, rows, answers } = work;
  const embeddingDim = modelWidths(config).vector;
  return addFlops(
    encoderFlops(config, workloadOf(tokens, { itemRows: rows + 1 })),
    // The score of a label is one more product.
    ...answers.map(({ size, labels }) => candidateFlops(size, { embeddingDim, numItems: rows, labels })),
  );
}

/** Vectors of items beside codes: those of content are mapped, of which only the map has a gradient. */
function denseFlops(config: ModelConfig, { codes, dense, content }: CodedWork, labels: number): Flops {
  if (dense === undefined) return { forward: 0, backward: 0 };
  const { width } = dense;
  const { forward } = linearFlops(codes.count, { in: content?.width ?? 0, out: width });
  return addFlops(
    linearFlops(labels, { in: modelWidths(config).vector, out: width }),
    ...(dense.vectors === 'table' ? [] : [{ forward, backward: forward }]),
    candidateFlops(codes.count, { embeddingDim: width, numItems: codes.count, labels }),
  );
}

/** Events that a step reads of each history, where a model is taught by the start of it. */
function cutLengths(config: ModelConfig, lengths: readonly number[], step: number): readonly number[] {
  const { cuts } = config as { readonly cuts?: T5Config['cuts'] };
  if (cuts === undefined) return lengths;
  const offsets = Int32Array.from({ length: lengths.length + 1 }, (_, e) => e);
  for (const [e, length] of lengths.entries()) offsets[e + 1] = offsets[e] + length;
  return Array.from(historyCuts({ offsets }, cuts, { seed: 0, step }));
}
