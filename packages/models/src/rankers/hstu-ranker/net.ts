import { embedding, layerNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { HstuLayer, type HstuLayerArgs } from '../../encoders/hstu/layer.ts';
import { reversePlaces } from '../../encoders/hstu/reverse-places.ts';
import { hostIntegers } from '../../host-integers.ts';
import { ActionBits } from '../../layers/action-bits.ts';
import { LearnedPositions } from '../../layers/embeddings.ts';
import { interleave } from '../../layers/interleave.ts';
import { dropAt, type LayerArgs, type Run, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { Projection } from '../../layers/projection.ts';
import { SwishMlp } from '../../layers/swish-mlp.ts';
import { clockFeatures, dayAndWeek, TimestampNorm } from '../../layers/timestamp-norm.ts';
import type { RequestLayout } from './layout.ts';
import { candidateRows } from './two-passes.ts';

export interface HstuRankerNetOptions {
  readonly embeddingDim: number;
  readonly numBlocks: number;
  /** Of the layers, besides widths of the net, names and the normaliser. */
  readonly block: Omit<HstuLayerArgs, 'embeddingDim' | 'paddedLength' | 'seed' | 'stream'>;
  readonly inputDropout: number;
  /** Width of a vector of each table, of which an event has its id's and those of its features. */
  readonly tableDim: number;
  /** Names of the contextual tokens. */
  readonly contextual: readonly string[];
  /** Whether an item has an id, and how many features besides. */
  readonly item: { readonly id: boolean; readonly features: number };
  readonly form: 'sum' | 'interleave';
  readonly preprocessorHidden: number;
  readonly towerHidden: number;
  readonly headHidden: number;
  readonly actionDim: number;
  readonly numActions: number;
  /** Whether candidates have the vector of unknown actions; default: of the form `sum`, whose tokens add it. */
  readonly asksActions?: boolean;
  readonly positionBuckets: number;
  readonly ageBuckets: number;
  readonly ageScale: 'sqrt' | 'log';
  readonly postNorm: 'layer' | 'timestamp';
  /** `n`: what SiLU weights are divided by. */
  readonly paddedLength: number;
  readonly labels: number;
  readonly seed: number;
}

/** Vectors of the tables that requests read; `B` sequences, `H` events of histories, `R` candidates. */
export interface RequestVectors {
  /** One of each contextual feature, `[B, tableDim]`. */
  readonly contextual: readonly tf.Tensor2D[];
  /** Of the ids of the events of histories and then of the candidates, `[H + R, tableDim]`. */
  readonly ids?: tf.Tensor2D;
  /** Of their features side by side, `[H + R, F tableDim]`. */
  readonly features?: tf.Tensor2D;
  /** Bit masks of what was done at the events of histories; shape `[H]`. */
  readonly actions: Int32Array;
  /** Which sequences have a history long enough for contextual tokens: 1, or 0; shape `[B]`. Default: all. */
  readonly hasContext?: Float32Array;
  readonly layout: RequestLayout;
}

/** Every layer of an HSTU ranker, and what they make of vectors of tables. See the README of this folder. */
export class HstuRankerNet {
  readonly context: readonly Projection[];
  readonly content: SwishMlp | undefined;
  readonly additional: SwishMlp | undefined;
  readonly actions: ActionBits;
  readonly actionMap: SwishMlp;
  readonly positions: LearnedPositions;
  readonly ages: LearnedPositions;
  readonly stack: readonly HstuLayer[];
  readonly post: PostNorm | TimestampNorm;
  readonly tower: SwishMlp;
  readonly head: SwishMlp;
  private readonly options: HstuRankerNetOptions;

  constructor(options: HstuRankerNetOptions) {
    const { embeddingDim: d, tableDim, seed, item, preprocessorHidden, numBlocks, paddedLength } = options;
    this.options = options;
    const inner = (stream: string, inputDim: number): SwishMlp =>
      new SwishMlp({ inputDim, hiddenDim: preprocessorHidden, outputDim: d, seed, stream });
    const table = (stream: string, numPositions: number): LearnedPositions => {
      const initialization = { kind: 'uniform', limit: Math.sqrt(1 / numPositions) } as const;
      return new LearnedPositions({ numPositions, embeddingDim: d, initialization, seed, stream });
    };
    this.context = options.contextual.map(
      (name) => new Projection({ inputDim: tableDim, outputDim: d, seed, stream: `context.${name}` }),
    );
    this.content = item.id ? inner('content', tableDim) : undefined;
    this.additional = item.features > 0 ? inner('additional', item.features * tableDim) : undefined;
    const { numActions, actionDim, asksActions: hasUnknown = options.form === 'sum' } = options;
    this.actions = new ActionBits({ numActions, actionDim, hasUnknown, seed, stream: 'actions' });
    this.actionMap = inner('action_map', this.actions.width);
    this.positions = table('positions', options.positionBuckets);
    this.ages = table('ages', options.ageBuckets + 1);
    this.stack = Array.from(
      { length: numBlocks },
      (_, i) => new HstuLayer({ ...options.block, embeddingDim: d, paddedLength, seed, stream: `hstu.${i}` }),
    );
    this.post =
      options.postNorm === 'layer'
        ? new PostNorm({ width: d, seed, stream: 'post' })
        : new TimestampNorm({ embeddingDim: d, timeDim: 2 * dayAndWeek.length, seed, stream: 'post' });
    const width = (Number(item.id) + item.features) * tableDim;
    this.tower = new SwishMlp({ inputDim: width, hiddenDim: options.towerHidden, outputDim: d, seed, stream: 'tower' });
    const { headHidden: hiddenDim, labels: outputDim } = options;
    this.head = new SwishMlp({ inputDim: d, hiddenDim, outputDim, normed: false, seed, stream: 'head' });
  }

  /** All layers, in the order of the state dict. */
  get layers(): readonly StreamLayer[] {
    return [
      ...this.context,
      ...[this.content, this.additional].filter((layer) => layer !== undefined),
      ...[this.actions, this.actionMap, this.positions, this.ages, ...this.stack, this.post, this.tower, this.head],
    ];
  }

  /** What enters the first block, `[T, D]`: `dropout(sqrt(D) token + position + age)`. */
  tokens(vectors: RequestVectors, run: Run): tf.Tensor2D {
    const { embeddingDim, inputDropout } = this.options;
    const { layout } = vectors;
    return tf.tidy(() => {
      const parts = [this.contextTokens(vectors), ...this.eventTokens(vectors)].filter((part) => part !== undefined);
      const all = parts.length === 1 ? parts[0] : tf.concat2d(parts, 0);
      const x = tf.mul(embedding(all, tf.tensor1d(layout.rows, 'int32')), Math.sqrt(embeddingDim));
      const { positions, ages } = this.places(layout);
      const read = (table: LearnedPositions, ids: Int32Array): tf.Tensor2D =>
        table.apply(tf.tensor1d(ids, 'int32')) as tf.Tensor2D;
      const placed = tf.addN([x, read(this.positions, positions), read(this.ages, ages)]) as tf.Tensor2D;
      return dropAt(placed, inputDropout, 'input', run);
    });
  }

  /** What the blocks make of the candidates, normed: `[R, D]`. */
  users(tokens: tf.Tensor2D, layout: RequestLayout, run: Run): tf.Tensor2D {
    return tf.tidy(() => {
      const rows = run.training ? this.onePass(tokens, layout, run) : candidateRows(this.stack, tokens, layout);
      if (this.post instanceof PostNorm) return this.post.forward(rows);
      const times = Float64Array.from(layout.candidates, (token) => layout.times[token]);
      return this.post.apply([rows, clockFeatures(times)]) as tf.Tensor2D;
    });
  }

  /** The vectors of candidates from their tables' vectors, `[R, F tableDim]` to `[R, D]`. */
  items(own: tf.Tensor2D): tf.Tensor2D {
    return this.tower.forward(own);
  }

  /** Logits of users and items, each `[R, D]`: `[R, L]`. */
  judge(users: tf.Tensor2D, items: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => this.head.forward(tf.mul(users, items)));
  }

  /** Logits of the candidates, `[R, L]`. */
  logits(vectors: RequestVectors, run: Run): tf.Tensor2D {
    return tf.tidy(() => {
      const { layout, ids, features, actions } = vectors;
      const users = this.users(this.tokens(vectors, run), layout, run);
      const own = [ids, features]
        .filter((part) => part !== undefined)
        .map((part) => tf.slice(part, [actions.length, 0], [layout.candidates.length, part.shape[1]]));
      return this.judge(users, this.items(own.length === 1 ? own[0] : tf.concat2d(own, 1)));
    });
  }

  /** All tokens in one pass, candidates hidden from each other; the rows of the candidates. */
  private onePass(tokens: tf.Tensor2D, { offsets, numTargets, candidates }: RequestLayout, run: Run): tf.Tensor2D {
    const at = hostIntegers(offsets);
    const all = this.stack.reduce((x, layer) => layer.apply([x, at], { ...run, numTargets }) as tf.Tensor2D, tokens);
    return embedding(all, tf.tensor1d(candidates, 'int32'));
  }

  /** `[C B, D]`, sequence by sequence. */
  private contextTokens({ contextual, hasContext }: RequestVectors): tf.Tensor2D | undefined {
    if (contextual.length === 0) return undefined;
    const mapped = this.context.map((map, c) => {
      const own = contextual[c];
      // What is blanked is the input of the map: its bias stays.
      const kept = hasContext === undefined ? own : tf.mul(own, tf.tensor2d(hasContext, [hasContext.length, 1]));
      return map.apply(kept) as tf.Tensor2D;
    });
    return tf.reshape(tf.stack(mapped, 1), [-1, this.options.embeddingDim]) as tf.Tensor2D;
  }

  /** Tokens of the events and then of the candidates. */
  private eventTokens({ ids, features, actions, layout }: RequestVectors): tf.Tensor2D[] {
    const maps = [
      ...(ids === undefined ? [] : [this.content?.forward(ids)]),
      ...(features === undefined ? [] : [this.additional?.forward(features)]),
    ].filter((part) => part !== undefined);
    const contents = (maps.length === 1 ? maps[0] : tf.add(maps[0], maps[1])) as tf.Tensor2D;
    const events = actions.length;
    const candidates = layout.candidates.length;
    const unknown = (count: number): tf.Tensor2D => this.actionMap.forward(this.actions.unknown(count));
    if (this.options.form === 'sum') {
      const ofCandidates = this.actions.unknown(candidates);
      const done = events === 0 ? ofCandidates : tf.concat2d([this.actions.done(actions), ofCandidates], 0);
      return [tf.add(contents, this.actionMap.forward(done))];
    }
    const [history, asked] = [
      tf.slice(contents, [0, 0], [events, contents.shape[1]]),
      tf.slice(contents, [events, 0], [candidates, contents.shape[1]]),
    ];
    const isPaired = layout.numTargets.reduce((sum, count) => sum + count, 0) === 2 * candidates;
    return [
      ...(events === 0 ? [] : [interleave(history, this.actionMap.forward(this.actions.done(actions)))]),
      isPaired ? interleave(asked, unknown(candidates)) : asked,
    ];
  }

  private places({ offsets, times, numTargets }: RequestLayout): ReturnType<typeof reversePlaces> {
    const { contextual, positionBuckets: numPositions, ageBuckets: numBuckets, ageScale: scale } = this.options;
    const options = { numPositions, numBuckets, scale, contextualLength: contextual.length, numTargets };
    return reversePlaces({ hostOffsets: offsets, numTokens: times.length }, times, options);
  }
}

interface PostNormArgs extends LayerArgs {
  readonly width: number;
}

/** `LN(x) * gain + bias`, epsilon 1e-5. */
class PostNorm extends StreamLayer {
  static className = 'SeqrecHstuPostNorm';
  readonly args: PostNormArgs;

  constructor(args: PostNormArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const shape = [this.args.width];
    return [
      { name: 'weight', shape, initialization: { kind: 'ones' } },
      { name: 'bias', shape, initialization: { kind: 'zeros' } },
    ];
  }

  forward(x: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() =>
      tf.add(tf.mul(layerNorm(x, { epsilon: 1e-5 }), this.weight('weight')), this.weight('bias')),
    ) as tf.Tensor2D;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), width: this.args.width };
  }
}
tf.serialization.registerClass(PostNorm);
