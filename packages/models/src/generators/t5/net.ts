import { positionIds, ShapeError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from '../../host-integers.ts';
import { dropAt, type NamedLayer, type Run } from '../../layers/layer.ts';
import type { FreshKeys } from '../../layers/memory.ts';
import { RmsNorm } from '../../layers/rms-norm.ts';
import { T5Block } from './block.ts';
import type { AttentionKeys } from './block-weights.ts';
import { CodeTable } from './code-table.ts';
import type { T5Config } from './config.ts';
import { type RelativePlaces, relativePlaces } from './relative-places.ts';

/** What the blocks of the decoder attend to, by the number of the block. */
export interface DecoderKeys {
  /** In the first sub-layer, given the keys and values of the tokens of the pass. */
  self(block: number, fresh: FreshKeys): AttentionKeys;
  /** In the second: the encoder's output. */
  cross(block: number): AttentionKeys;
}

/** Tokens of a decoder's pass. */
export interface DecoderTokens {
  /** Rows of the table. */
  readonly ids: Int32Array;
  /** Places in what is written. */
  readonly positions: Int32Array;
  /** Places that there are. */
  readonly places: number;
}

/** The layers of T5, and what they make of rows of codes. */
export interface T5Net {
  /** In the order of the reference's state dict. */
  readonly layers: readonly NamedLayer[];
  readonly encoder: Stack;
  readonly decoder: Stack;
  /** The encoder's output, `[T, D]`. @param offsets of the histories, `[B + 1]`. */
  encode(ids: Int32Array, offsets: Int32Array, run: Run): tf.Tensor2D;
  /** The decoder's output at some tokens, `[R, D]`, times what a tied head asks for. */
  decode(tokens: DecoderTokens, keys: DecoderKeys, run: Run): tf.Tensor2D;
  /** `decode` of whole sequences, which attend to the encoder's output `memory` `[T, D]`. */
  decodeAll(written: Sequences, memory: tf.Tensor2D, offsets: Int32Array, run: Run): tf.Tensor2D;
  /** What outputs of the decoder are multiplied with, a row a code; `[S + 1, D]`. */
  head(): tf.Variable<tf.Rank.R2>;
}

/** Rows of codes, one sequence after the other. */
export interface Sequences {
  readonly ids: Int32Array;
  readonly offsets: Int32Array;
}

/** The blocks of the encoder or of the decoder, with what stands before and after them. */
export interface Stack {
  readonly table: CodeTable;
  readonly blocks: readonly T5Block[];
  readonly norm: RmsNorm;
  /** The bias of tokens at places `0 .. count - 1`. */
  relative(positions: Int32Array, count: number): RelativePlaces;
}

/** @param numItems rows of codes besides that of padding, `S`. */
export function t5Net(
  config: T5Config,
  { numItems, seed }: { readonly numItems: number; readonly seed: number },
): T5Net {
  const { embeddingDim, dropout, tables, head, maxSequenceLength } = config;
  const tableOf = (stream: string, standardDeviation: number, isTable = true): CodeTable =>
    new CodeTable({ rows: numItems + 1, embeddingDim, standardDeviation, isTable, dropout, seed, stream });
  const shared = tables === 'shared' ? tableOf('t5.shared', 1) : undefined;
  const encoder = stackOf('encoder', shared ?? tableOf('t5.encoder.table', 1), config, seed);
  const decoder = stackOf('decoder', shared ?? tableOf('t5.decoder.table', 1), config, seed);
  // Starts as a tied one, whose products are over sqrt(D).
  const own = head === 'own' ? tableOf('t5.head', 1 / Math.sqrt(embeddingDim), false) : undefined;
  const scale = head === 'tied' ? 1 / Math.sqrt(embeddingDim) : 1;

  const named = (layer: CodeTable, name: string): NamedLayer => ({ layer, names: { weight: name } });
  const layers = [
    ...(shared === undefined ? [] : [named(shared, 'shared.weight')]),
    ...([encoder, decoder] as const).flatMap(({ table, blocks, norm }, s) => {
      const name = s === 0 ? 'encoder' : 'decoder';
      return [
        ...(shared === undefined ? [named(table, `${name}.embed_tokens.weight`)] : []),
        ...blocks.map((layer, i) => ({
          layer,
          names: Object.fromEntries(layer.names.map((each) => [each, `${name}.block.${i}.${each}`])),
        })),
        { layer: norm, names: { weight: `${name}.final_layer_norm.weight` } },
      ];
    }),
    ...(own === undefined ? [] : [named(own, 'lm_head.weight')]),
  ];

  const enter = ({ table }: Stack, ids: Int32Array, run: Run, stack: string): tf.Tensor2D =>
    table.forward(tf.tensor1d(ids, 'int32'), run, `t5.${stack}.input`);
  const leave = ({ norm }: Stack, x: tf.Tensor2D, run: Run, stack: string): tf.Tensor2D =>
    dropAt(norm.apply(x) as tf.Tensor2D, dropout, `t5.${stack}.output`, run);

  function encode(ids: Int32Array, offsets: Int32Array, run: Run): tf.Tensor2D {
    return tf.tidy('encode', () => {
      const longest = longestOf(offsets);
      if (longest > maxSequenceLength)
        throw new ShapeError(
          `t5: expected histories of at most ${maxSequenceLength} codes (maxSequenceLength); got one of ${longest}; cut the histories with latestWindow`,
        );
      const relative = encoder.relative(positionIds(offsets), longest);
      const within = hostIntegers(offsets);
      const keys = (fresh: FreshKeys): AttentionKeys => ({
        ...fresh,
        offsets: within,
        mask: { bidirectional: true },
      });
      const x = encoder.blocks.reduce(
        (rows, block) => tf.tidy(() => block.feed(block.attend(rows, relative, keys, run), run)),
        enter(encoder, ids, run, 'encoder'),
      );
      return leave(encoder, x, run, 'encoder');
    });
  }

  function decode({ ids, positions, places }: DecoderTokens, keys: DecoderKeys, run: Run): tf.Tensor2D {
    return tf.tidy('decode', () => {
      const relative = decoder.relative(positions, places);
      const x = decoder.blocks.reduce(
        (rows, block, i) =>
          tf.tidy(() => {
            const y = block.attend(rows, relative, (fresh) => keys.self(i, fresh), run);
            return block.feed(block.attendTo(y, keys.cross(i), run), run);
          }),
        enter(decoder, ids, run, 'decoder'),
      );
      const out = leave(decoder, x, run, 'decoder');
      return scale === 1 ? out : tf.mul(out, scale);
    });
  }

  function decodeAll(written: Sequences, memory: tf.Tensor2D, offsets: Int32Array, run: Run): tf.Tensor2D {
    const [within, read] = [hostIntegers(written.offsets), hostIntegers(offsets)];
    const keys: DecoderKeys = {
      self: (_, fresh) => ({ ...fresh, offsets: within }),
      cross: (i) => ({ ...decoder.blocks[i].keysOf(memory), offsets: read, queryOffsets: within, sees: 'all' }),
    };
    const places = Math.max(1, longestOf(written.offsets));
    return decode({ ids: written.ids, positions: positionIds(written.offsets), places }, keys, run);
  }

  return {
    layers,
    encoder,
    decoder,
    encode,
    decode,
    decodeAll,
    head: () => (own ?? decoder.table).weight('weight') as tf.Variable<tf.Rank.R2>,
  };
}

function stackOf(name: 'encoder' | 'decoder', table: CodeTable, config: T5Config, seed: number): Stack {
  const { embeddingDim, numHeads, headDim, ffnDim, feedForward, dropout, relativeBuckets, maxDistance } = config;
  const isDecoder = name === 'decoder';
  const sizes = { embeddingDim, numHeads, headDim, ffnDim, feedForward, dropout, isDecoder };
  const blocks = Array.from(
    { length: isDecoder ? config.decoderBlocks : config.encoderBlocks },
    (_, i) => new T5Block({ ...sizes, ...(i === 0 && { relativeBuckets }), seed, stream: `t5.${name}.${i}` }),
  );
  const rule = { buckets: relativeBuckets, maxDistance, bothWays: !isDecoder };
  return {
    table,
    blocks,
    norm: new RmsNorm({ embeddingDim, seed, stream: `t5.${name}.norm` }),
    relative: (positions, count) =>
      relativePlaces(blocks[0].weight('layer.0.SelfAttention.relative_attention_bias.weight') as tf.Tensor2D, {
        ...rule,
        positions,
        count,
      }),
  };
}

function longestOf(offsets: Int32Array): number {
  let longest = 0;
  for (let b = 0; b + 1 < offsets.length; b++) longest = Math.max(longest, offsets[b + 1] - offsets[b]);
  return longest;
}
