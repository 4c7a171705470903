import { sequenceBatch } from '@seqrec/data';
import { createScorer, encodeLast, type TokenEncoder, type UserEvent, uploadBatch } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { Progress } from '../../terminal/progress.ts';
import { type Latency, latencyOf, timeCalls } from './latency.ts';
import { ownProduct } from './own-product.ts';
import { openServePeer, type PeerPass } from './serve-peer.ts';
import { candidateItems, NOW, ROOM, serveHistory, serveModel } from './serve-subject.ts';
import { keptBytes, lastRowWork, rowsWork, type ServeShape } from './serve-work.ts';
import { median } from './statistics.ts';

/** Tokens of an event: its item and its action. */
const PER_EVENT = 2;

export const SERVE_LENGTHS: readonly number[] = [64, 128, 256, 512, 1024, 2048, 4096, 8192];
export const SERVE_BLOCKS: readonly number[] = [16, 32, 64, 128, 256, 512, 1024];
export const SERVE_SHAPE: ServeShape = { blocks: 8, heads: 4, width: 64, dim: 256 };

export interface ServeRequest {
  readonly backend: BackendOptions;
  readonly shape: ServeShape;
  /** Tokens of the history, even. */
  readonly lengths: readonly number[];
  /** Candidates of a request. */
  readonly candidates: number;
  /** Candidates of a pass. */
  readonly microbatches: readonly number[];
  readonly rounds: number;
  readonly quiet: boolean;
  /** Also time a full pass of PyTorch. */
  readonly peer?: boolean;
  /**
   * Milliseconds for the calls of one figure in a round, default 300; appends, whose p99 is told, get five times it.
   */
  readonly budget?: number;
}

/** GFLOP/s, and the share of our own product's in the turns before. */
export interface ServeRate {
  readonly gflops: number;
  readonly share: number;
}

/** Scores of a request's candidates, in passes of `microbatch`. */
export interface CandidateRow {
  readonly microbatch: number;
  /** Candidates a second with the keys and values of the history made in the request, and with them kept. */
  readonly fresh: number;
  readonly cached: number;
  /** Of the request with keys and values kept. */
  readonly rate: ServeRate;
}

/** One length of history. */
export interface ServePoint {
  readonly tokens: number;
  /** `encodeLast` over the whole history. */
  readonly full: Latency & ServeRate;
  /** One event is appended. */
  readonly append: Latency & ServeRate;
  /** One event is appended, and the user's vector asked for, which reads both in one pass. */
  readonly appendEncode: Latency & ServeRate;
  /** Medians of the full pass over those of the others. */
  readonly ratio: number;
  readonly ratioEncode: number;
  /** Keys and values in pages, and by the formula. */
  readonly bytes: number;
  readonly formulaBytes: number;
  /** Candidates a second where each is a full pass of its own, from so many of them. */
  readonly oneByOne: { readonly rate: number; readonly measured: number };
  readonly candidates: readonly CandidateRow[];
  /** A full pass of PyTorch, and its median over those of ours, full and appended; where it was measured. */
  readonly peer?: PeerPass & { readonly ratio: number; readonly ratioAppend: number };
}

export interface ServeBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly shape: ServeShape;
  readonly candidates: number;
  readonly rounds: number;
  /** Median GFLOP/s of our own 1024 x 1024 x 1024 product, over all turns. */
  readonly product: number;
  readonly points: readonly ServePoint[];
  /**
   * Tokens from which an append and the vector cost less than a full pass; absent where no length or every length is.
   */
  readonly breakEven?: number;
  /** Version of PyTorch and its BLAS, where it was measured. */
  readonly torch?: string;
  /** Why it was not, where it was asked for. */
  readonly missing?: string;
}

/** What was timed at a length, in milliseconds. */
interface Times {
  readonly product: number[];
  readonly full: number[];
  readonly append: number[];
  readonly appendEncode: number[];
  readonly oneByOne: number[];
  readonly fresh: Map<number, number[]>;
  readonly cached: Map<number, number[]>;
  bytes: number;
}

/**
 * Times what a user costs by length of history: a full pass, an event that is appended, and the scores of candidates
 * one by one, in blocks behind a history that is read in the request, and behind one whose keys and values are kept.
 * Every round visits every length, so that a drift of the machine meets all alike.
 */
export async function benchServe(request: ServeRequest): Promise<ServeBench> {
  const { shape, lengths, candidates, microbatches, rounds } = request;
  const choice = await startBackend(request.backend);
  const progress = new Progress({ quiet: request.quiet });
  const times = lengths.map((): Times => {
    const each = (): Map<number, number[]> => new Map(microbatches.map((size) => [size, []]));
    const lists = { product: [], full: [], append: [], appendEncode: [], oneByOne: [] };
    return { ...lists, fresh: each(), cached: each(), bytes: 0 };
  });
  const threads = Number(choice.details.threads ?? 1);
  const peer = request.peer ? openServePeer(threads, shape, lengths) : undefined;
  progress.start();
  for (let round = 0; round < rounds; round++) {
    for (const [i, tokens] of lengths.entries()) {
      const label = `round ${round + 1}/${rounds}, ${tokens} tokens`;
      progress.update({ label, done: i, total: lengths.length, fields: [] });
      ownProduct(times[i].product);
      await measure(request, tokens, times[i]);
    }
    peer?.round();
  }
  progress.clear();
  const points = lengths.map((tokens, i) =>
    beside(pointOf(shape, { tokens, candidates }, times[i]), peer?.best(tokens)),
  );
  const breakEven = breakEvenOf(points);
  return {
    ...{ backend: choice.name, details: choice.details, shape, candidates, rounds, points },
    product: median(times.flatMap(({ product }) => product)),
    ...(breakEven !== undefined && { breakEven }),
    ...(peer?.torch !== undefined && { torch: peer.torch }),
    ...(peer?.missing !== undefined && { missing: peer.missing }),
  };
}

function beside(point: ServePoint, pass: PeerPass | undefined): ServePoint {
  if (pass === undefined) return point;
  const { full, append } = point;
  return { ...point, peer: { ...pass, ratio: pass.median / full.median, ratioAppend: pass.median / append.median } };
}

async function measure(request: ServeRequest, tokens: number, into: Times): Promise<void> {
  const { shape, candidates, microbatches, budget = 300 } = request;
  const events = tokens / PER_EVENT;
  const model = serveModel(shape, { events: events + ROOM, actions: true });
  const history = serveHistory(1, events);
  try {
    await timeCalls(() => fullPass(model, history), { warm: 1, most: 50, budget }, into.full);
    await measureAppends(model, { history, maxBytes: roomFor(shape, tokens), budget: 5 * budget }, into);
    const items = candidateItems(candidates);
    let next = 0;
    const one = (): Promise<unknown> => scoredAlone(model, history, items[next++ % items.length]);
    await timeCalls(one, { warm: 1, most: 20, budget }, into.oneByOne);
    for (const microbatch of microbatches) {
      const scorer = createScorer(model, { microbatch, maxBytes: roomFor(shape, tokens) });
      const asked = { user: 'a', at: NOW };
      const fresh = async (): Promise<void> => {
        await scorer.append({ user: 'a', events: history });
        await scorer.scoreActions({ ...asked, candidates: items });
      };
      const drop = (): Promise<unknown> => scorer.drop('a');
      const [slow, fast] = [into.fresh.get(microbatch), into.cached.get(microbatch)] as [number[], number[]];
      // The tables of the store are made in the first call.
      await timeCalls(fresh, { warm: 1, most: 20, budget, after: drop }, slow);
      await scorer.append({ user: 'a', events: history });
      await timeCalls(() => scorer.scoreActions({ ...asked, candidates: items }), { warm: 1, most: 20, budget }, fast);
      scorer.dispose();
    }
  } finally {
    model.dispose();
  }
}

async function measureAppends(
  model: TokenEncoder,
  given: { readonly history: readonly UserEvent[]; readonly maxBytes: number; readonly budget: number },
  into: Times,
): Promise<void> {
  const { history, maxBytes, budget } = given;
  const event = { item: 1, time: NOW, rating: 3 };
  const timed = async (settle: 'append' | 'question', asks: boolean, times: number[]): Promise<void> => {
    const scorer = createScorer(model, { maxBytes, settle });
    await scorer.append({ user: 'a', events: history });
    await scorer.encode({ user: 'a', at: NOW });
    into.bytes = scorer.stats().bytes;
    const call = async (): Promise<void> => {
      await scorer.append({ user: 'a', events: [event] });
      if (asks) await scorer.encode({ user: 'a', at: NOW });
    };
    await timeCalls(call, { warm: 20, most: 400, budget, after: () => scorer.truncate('a', history.length) }, times);
    scorer.dispose();
  };
  await timed('append', false, into.append);
  // As `seqrec serve`: the event is read with the question, in one pass.
  await timed('question', true, into.appendEncode);
}

/** Bytes of a store that has room for one user, and for one more event. */
function roomFor(shape: ServeShape, tokens: number): number {
  return keptBytes(shape, tokens + 64 + PER_EVENT * ROOM);
}

function batchOf(events: readonly UserEvent[]): ReturnType<typeof uploadBatch> {
  return uploadBatch(
    sequenceBatch({
      offsets: Int32Array.of(0, events.length),
      itemIds: Int32Array.from(events, ({ item }) => item),
      timestamps: Float64Array.from(events, ({ time }) => time),
      targetTimestamps: Float64Array.from(events, (_, i) => events[i + 1]?.time ?? NOW),
      ratings: Float32Array.from(events, ({ rating }) => rating ?? Number.NaN),
    }),
  );
}

async function fullPass(model: TokenEncoder, events: readonly UserEvent[]): Promise<void> {
  const batch = batchOf(events);
  const vector = encodeLast(model, batch);
  await vector.data();
  tf.dispose(vector);
  batch.dispose();
}

/** The logits of one candidate by a pass over the history and it. */
async function scoredAlone(model: TokenEncoder, events: readonly UserEvent[], item: number): Promise<void> {
  const batch = batchOf([...events, { item, time: NOW }]);
  const logits = tf.tidy(() => {
    const found = model.encodeWithActions?.(batch, { training: false, step: 0, seed: 0 });
    return tf.slice(found?.actionLogits as tf.Tensor2D, [events.length, 0], [1, -1]);
  });
  await logits.data();
  logits.dispose();
  batch.dispose();
}

function pointOf(
  shape: ServeShape,
  { tokens, candidates }: { readonly tokens: number; readonly candidates: number },
  times: Times,
): ServePoint {
  const product = median(times.product);
  const rate = (work: number, milliseconds: number): ServeRate => {
    const gflops = work / milliseconds / 1e6;
    return { gflops, share: gflops / product };
  };
  const timed = (work: number, milliseconds: readonly number[]): Latency & ServeRate => {
    const latency = latencyOf(milliseconds);
    return { ...latency, ...rate(work, latency.median) };
  };
  const full = timed(lastRowWork(shape, tokens), times.full);
  const append = timed(rowsWork(shape, tokens, PER_EVENT), times.append);
  const appendEncode = timed(2 * rowsWork(shape, tokens, PER_EVENT), times.appendEncode);
  const perSecond = (count: number, milliseconds: readonly number[]): number => (1000 * count) / median(milliseconds);
  const work = rowsWork(shape, tokens, candidates + PER_EVENT);
  return {
    ...{ tokens, full, append, appendEncode },
    ratio: full.median / append.median,
    ratioEncode: full.median / appendEncode.median,
    bytes: times.bytes,
    formulaBytes: keptBytes(shape, tokens),
    oneByOne: { rate: perSecond(1, times.oneByOne), measured: times.oneByOne.length },
    candidates: [...times.cached].map(([microbatch, cached]) => ({
      microbatch,
      fresh: perSecond(candidates, times.fresh.get(microbatch) as number[]),
      cached: perSecond(candidates, cached),
      rate: rate(work, median(cached)),
    })),
  };
}

/** Where the ratio passes 1, between two lengths on logarithmic axes. */
export function breakEvenOf(points: readonly Pick<ServePoint, 'tokens' | 'ratioEncode'>[]): number | undefined {
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (!(a.ratioEncode < 1 && b.ratioEncode >= 1)) continue;
    const part = -Math.log(a.ratioEncode) / Math.log(b.ratioEncode / a.ratioEncode);
    return Math.round(a.tokens * (b.tokens / a.tokens) ** part);
  }
  return undefined;
}
