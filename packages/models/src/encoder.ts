import { l2Normalize, layerNorm, ShapeError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FittedFeatures } from './features/fitted.ts';
import { featureParts } from './features/parts.ts';
import { hostIntegers } from './host-integers.ts';
import { type EncoderBatch, itemIdsOf, type TokenBatch } from './inputs.ts';
import type { ItemEmbedding } from './layers/embeddings.ts';
import { interleaved, uninterleave } from './layers/interleave.ts';
import { dropItems, rowsOfItems } from './layers/item-dropout.ts';
import { hasLastRows, type NamedLayer, type Run, type StreamLayer } from './layers/layer.ts';
import type { TokenMemory } from './layers/memory.ts';
import { LearnedTemperature } from './layers/temperature.ts';
import type { EncodedActions, TokenEncoder } from './model.ts';

/** What turns a batch into the tokens that enter the first block. */
export interface InputStage {
  /** Its layers besides the item table, in the order of the state dict. */
  readonly layers: readonly NamedLayer[];
  /** Longest sequence it can place; absent: any. */
  readonly limit?: number;
  /**
   * Tokens `[T, D]` of a batch whose item ids are rows of `table`. `tokens` are those that the blocks see: the batch
   * itself, or its events as content and action in turn, with `actionHead`.
   */
  embed(table: tf.Tensor2D, batch: EncoderBatch, run: Run, tokens: TokenBatch): tf.Tensor2D;
}

export interface EncoderParts<Config extends { readonly kind: string }> {
  readonly config: Config & {
    readonly maxSequenceLength: number;
    readonly learnedTemperature: boolean;
    readonly inputDropout: number;
    readonly itemDropout?: number;
    readonly similarity?: 'cosine' | 'dot';
  };
  readonly seed: number;
  /** Of a configuration with `features`. */
  readonly features?: FittedFeatures;
  /** Width of the tokens; default: that of the item table. */
  readonly tokenDim?: number;
  readonly items: ItemEmbedding;
  readonly input: InputStage;
  /** The blocks, in order. Each gets `[x, offsets, ...context]`. */
  readonly stack: readonly NamedLayer[];
  /** What all blocks read besides the tokens, made once a batch. */
  readonly context?: (tokens: TokenBatch) => tf.Tensor[];
  /** Applied after the blocks, in order. */
  readonly final?: readonly NamedLayer[];
  /**
   * Makes the history interleaved: every event is two tokens, content and action, so that the input gives `[2 T, D]`.
   * The next event is predicted from the action, and this layer makes logits `[T, 10]` of the contents.
   */
  readonly actionHead?: NamedLayer;
  /** Maps the item table, times `inputScale`, to the vectors that are scored; the table itself when absent. */
  readonly itemTower?: NamedLayer & { readonly inputScale: number };
  /** Groups the names by prefix, in this order, where the reference's state dict does not go block by block. */
  readonly nameGroups?: readonly string[];
}

/** The name of the item table among the weights. */
const ITEM_TABLE = '_embedding_module._item_emb.weight';
const NORM_EPSILON = 1e-6;
const INFERENCE: Run = { training: false, step: 0, seed: 0 };

/** A table of item vectors, and the item of each row where that is not its number. */
interface ItemRows {
  readonly table: tf.Tensor2D;
  readonly ids?: Int32Array;
}

/**
 * Input stage, blocks, output layers, `o / max(||o||, 1e-6)` unless the similarity is `dot`; items likewise normalised.
 * Every encoder here is one.
 */
export function createEncoder<Config extends { readonly kind: string }>(parts: EncoderParts<Config>): TokenEncoder {
  const { config, items, input, stack, context, final = [], itemTower, actionHead } = parts;
  const temperature = config.learnedTemperature
    ? new LearnedTemperature({ seed: parts.seed, stream: 'temperature' })
    : undefined;
  const features =
    parts.features &&
    featureParts(parts.features, {
      config,
      seed: parts.seed,
      itemDim: items.embeddingDim,
      tokenDim: parts.tokenDim ?? items.embeddingDim,
      isInterleaved: actionHead !== undefined,
    });
  const layers: NamedLayer[] = [
    { layer: items, names: { weight: ITEM_TABLE } },
    ...input.layers,
    ...(features?.layers ?? []),
    ...stack,
    ...final,
    ...(itemTower === undefined ? [] : [itemTower]),
    ...(actionHead === undefined ? [] : [actionHead]),
    ...(temperature === undefined ? [] : [{ layer: temperature, names: { theta: 'temperature.theta' } }]),
  ];
  const named = layers.flatMap(({ layer, names }) =>
    Object.entries(names).map(([own, reference]) => [reference, layer.weight(own)] as const),
  );
  const group = (name: string): number => parts.nameGroups?.findIndex((prefix) => name.startsWith(prefix)) ?? 0;
  const variables = new Map(named.sort(([a], [b]) => group(a) - group(b)));

  const { itemDropout = 0 } = config;
  const withFeatures = features?.ofItems === true;
  /** What the input stage looks up: the table, or the rows of the batch with features and without what is dropped. */
  function readItems(rows: ItemRows, batch: EncoderBatch, run: Run): { table: tf.Tensor2D; batch: EncoderBatch } {
    const { table, ids } = rows;
    if (!withFeatures && (itemDropout === 0 || !run.training)) return { table, batch };
    const own = rowsOfItems(table, batch.host.itemIds, ids);
    const dropped = dropItems(own.rows, itemDropout, run, own.items);
    return {
      table: features === undefined ? dropped : features.items(dropped, run, own.items),
      batch: { ...batch, itemIds: own.places },
    };
  }

  /** What the blocks make of a batch, before the final norm: all tokens, or the last of each sequence alone. */
  function forward({ table, ids }: ItemRows, batch: EncoderBatch, given: Run, lastOnly = false): tf.Tensor2D {
    const tokens = actionHead === undefined || given.memory?.areCandidates ? batch : interleaved(batch);
    const run = { ...given, firstRow: (given.before?.tokens ?? 0) * (actionHead === undefined ? 1 : 2) };
    checkLengths(tokens, input.limit, config);
    const read = readItems({ table, ids }, batch, given);
    let x: tf.Tensor = input.embed(read.table, read.batch, run, tokens);
    if (features !== undefined) x = features.tokens(x as tf.Tensor2D, batch, run);
    const shared = [tokens.offsets, ...(context?.(tokens) ?? [])];
    for (const [i, { layer }] of stack.entries()) {
      const inputs = [x, ...shared];
      const lastBlock = lastOnly && i === stack.length - 1;
      x = lastBlock ? lastRows(layer, inputs, tokens) : (layer.apply(inputs, { ...run }) as tf.Tensor);
    }
    for (const { layer } of final) x = layer.apply(x, { ...run }) as tf.Tensor;
    return x as tf.Tensor2D;
  }

  const isDot = config.similarity === 'dot';
  // A tensor of its own in both cases: who asks for vectors of items frees them, and the table stays.
  const scored = (x: tf.Tensor2D): tf.Tensor2D => (isDot ? tf.clone(x) : l2Normalize(x, { epsilon: NORM_EPSILON }));

  /** All events, or the last ones alone. */
  function encode(rows: ItemRows, batch: EncoderBatch, run: Run, lastOnly = false): tf.Tensor2D {
    return tf.tidy('encode', () => {
      const x = forward(rows, batch, run, lastOnly);
      return scored(actionHead === undefined || lastOnly ? x : uninterleave(x).actions);
    });
  }

  function encodeWithActions(rows: ItemRows, batch: EncoderBatch, run: Run, head: StreamLayer): EncodedActions {
    return tf.tidy('encode', () => {
      const { contents, actions } = uninterleave(forward(rows, batch, run));
      return { encoded: scored(actions), actionLogits: head.apply(layerNorm(contents)) as tf.Tensor2D };
    });
  }

  /** Of the next content of each sequence, were it one of the candidates. */
  function candidateActions(rows: ItemRows, batch: EncoderBatch, memory: TokenMemory, head: StreamLayer): tf.Tensor2D {
    return tf.tidy('encode', () => {
      const contents = forward(rows, batch, { ...INFERENCE, memory });
      return head.apply(layerNorm(contents)) as tf.Tensor2D;
    });
  }

  function itemVectors({ table, ids }: ItemRows, run: Run): tf.Tensor2D {
    return tf.tidy(() => {
      const kept = dropItems(table, itemDropout, run, ids);
      const own = features?.scored === true ? features.items(kept, run, ids) : kept;
      return scored(
        itemTower === undefined ? own : (itemTower.layer.apply(tf.mul(own, itemTower.inputScale)) as tf.Tensor2D),
      );
    });
  }

  const itemTable = (): tf.Variable<tf.Rank.R2> => items.weight('weight') as tf.Variable<tf.Rank.R2>;
  const over = (rows: () => ItemRows): TokenEncoder => ({
    kind: config.kind,
    config,
    numItems: items.numItems,
    maxSequenceLength: config.maxSequenceLength,
    ...(isDot && { similarity: 'dot' as const }),
    ...(input.limit !== undefined && { longestHistory: Math.floor(input.limit / (actionHead === undefined ? 1 : 2)) }),
    ...(features && { columns: features.columns, features: parts.features }),
    encode: (batch, run) => encode(rows(), batch, run),
    encodeLast: (batch) => encode(rows(), batch, INFERENCE, true),
    extend: (batch, memory) => encode(rows(), batch, { ...INFERENCE, memory }),
    ...(actionHead && {
      encodeWithActions: (batch, run) => encodeWithActions(rows(), batch, run, actionHead.layer),
      candidateActions: (batch, memory) => candidateActions(rows(), batch, memory, actionHead.layer),
    }),
    itemVectors: (run = INFERENCE) => itemVectors(rows(), run),
    itemTable,
    tables: () => new Map([[ITEM_TABLE, { variable: itemTable(), idsOf: itemIdsOf }]]),
    withItemRows: (table, ids) => over(() => ({ table, ids })),
    withRows: (given) => {
      const own = given.get(ITEM_TABLE);
      return own === undefined ? over(rows) : over(() => ({ table: own.rows, ids: own.ids }));
    },
    ...(temperature === undefined ? {} : { temperature: (base: number) => temperature.value(base) }),
    variables: () => variables,
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
    },
  });
  return over(() => ({ table: itemTable() }));
}

/** What the last block makes of the last token of each sequence, without the other rows where it can. */
function lastRows(layer: StreamLayer, inputs: tf.Tensor[], { hostOffsets }: TokenBatch): tf.Tensor {
  const rows = hostOffsets.slice(1).map((end) => end - 1);
  const empty = rows.findIndex((row, b) => row < hostOffsets[b]);
  if (empty >= 0)
    throw new ShapeError(
      `encodeLast: expected at least one token in every sequence; got none in ${empty}; leave it out`,
    );
  const at = hostIntegers(rows);
  return hasLastRows(layer) ? layer.last(inputs, at) : tf.gather(layer.apply(inputs) as tf.Tensor, at);
}

function checkLengths(
  batch: TokenBatch,
  limit: number | undefined,
  config: { kind: string; maxSequenceLength: number },
): void {
  if (limit === undefined || batch.longest <= limit) return;
  throw new ShapeError(
    `encode: expected sequences of at most ${limit} tokens (maxSequenceLength + outputLength); got one of ${batch.longest} for '${config.kind}' with maxSequenceLength ${config.maxSequenceLength}; cut the histories with latestWindow`,
  );
}
