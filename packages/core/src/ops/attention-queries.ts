import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../errors.ts';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';
import { type AttentionMask, visibleKeys } from './attention-mask.ts';
import { type Offsets, offsetsTensor } from './offsets.ts';
import { absent } from './run-kernel.ts';

/**
 * Who asks. Without `queryOffsets` every token does, `q` is `[T, H, A]`, and token `i` sees the keys `j <= i` of its
 * sequence.
 */
export interface AttentionQueries {
  /**
   * `[B + 1]`: queries `queryOffsets[b] .. queryOffsets[b + 1] - 1` ask the keys of sequence `b`, and `q` is
   * `[Q, H, A]`. The `m` queries of a sequence of `l` keys stand at its last places, `l - m .. l - 1`, and see what
   * the tokens there would; one before place 0 sees nothing, and its row of the output is zero.
   */
  readonly queryOffsets?: Offsets;
  /**
   * `all`: every key of the sequence, as in cross-attention. Default: `causal`. With `queryOffsets`,
   * without `mask` and bias.
   */
  readonly sees?: 'causal' | 'all';
  /**
   * int32 `[T]`: the row of `k` and `v`, then `[R, H, A]` and `[R, H, C]`, that belongs to each key: a store of
   * pages. Each in `0 .. R - 1`; not checked where that would read a device. Default: key `t` is row `t`. With
   * `queryOffsets`.
   */
  readonly keyRows?: tf.Tensor1D;
  /**
   * Makes the queries candidates: each stands at place `l`, after all keys of its sequence, and sees them and itself,
   * never another. These are its own key `[Q, H, A]` and value `[Q, H, C]`. With `queryOffsets`.
   */
  readonly candidates?: { readonly k: tf.Tensor; readonly v: tf.Tensor };
}

/** What both attentions take. */
export interface AttentionTensors extends AttentionQueries {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
  readonly offsets: Offsets;
  readonly mask?: AttentionMask;
}

/** The inputs that both attentions have. */
export interface AttentionInputs {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
  readonly offsets: tf.Tensor;
  readonly visible: tf.Tensor;
  readonly queryOffsets: tf.Tensor;
  readonly keyRows: tf.Tensor;
  readonly selfK: tf.Tensor;
  readonly selfV: tf.Tensor;
}

/**
 * Checks tensors and who asks; `more` are further inputs: `query` is the letter of the queries, `asked` that of what
 * has one row a sequence for candidates and one a query otherwise. Call it inside a tidy.
 *
 * @throws ShapeError, DTypeError, UnsupportedError.
 */
export function attentionInputs(
  op: string,
  options: AttentionTensors,
  more: (rows: { readonly asked: string }) => readonly Expected[] = () => [],
): { readonly inputs: AttentionInputs; readonly dims: Readonly<Record<string, number>> } {
  const { q, k, v, keyRows, candidates, mask, sees } = options;
  checkForm(op, options);
  const offsets = offsetsTensor(op, options.offsets, (keyRows ?? k).shape[0] ?? 0);
  const apart = options.queryOffsets !== undefined;
  const queryOffsets = apart ? offsetsTensor(op, options.queryOffsets as Offsets, q.shape[0] ?? 0) : absent('int32');
  const query = apart ? 'Q' : 'T';
  const row = keyRows === undefined ? 'T' : 'R';
  const expected: Expected[] = [
    ['q', q, `${query} H A`],
    ['k', k, `${row} H A`],
    ['v', v, `${row} H C`],
    ['offsets', offsets, 'B+1'],
  ];
  if (apart) expected.push(['queryOffsets', queryOffsets, 'B+1']);
  if (keyRows !== undefined) expected.push(['keyRows', keyRows, 'T']);
  if (candidates !== undefined) {
    expected.push(['candidates.k', candidates.k, 'Q H A'], ['candidates.v', candidates.v, 'Q H C']);
  }
  expected.push(...more({ asked: candidates === undefined ? query : 'B' }));
  const dims = assertShapes(op, expected);
  for (const [name, x] of expected) assertDType(x, INTEGERS.has(name) ? 'int32' : 'float32', { op, name });
  const ranges = mask ?? (sees === 'all' && candidates === undefined ? {} : undefined);
  const asking = apart ? { queryOffsets, stand: standing(options) } : undefined;
  // Without keys a store has nothing to give; an empty list would say that there is no store.
  const stored = (x: tf.Tensor): tf.Tensor => (keyRows?.shape[0] === 0 ? tf.slice(x, [0, 0, 0], [0, -1, -1]) : x);
  const inputs = {
    ...{ q, k: stored(k), v: stored(v), offsets, queryOffsets },
    visible: ranges === undefined ? absent('int32') : visibleKeys(op, ranges, offsets, asking),
    keyRows: keyRows ?? absent('int32'),
    selfK: candidates?.k ?? absent(),
    selfV: candidates?.v ?? absent(),
  };
  return { inputs, dims };
}

/** Inputs of integers, by name. */
const INTEGERS: ReadonlySet<string> = new Set(['offsets', 'queryOffsets', 'keyRows', 'queryTimes', 'keyTimes']);

function standing({ candidates, sees }: AttentionQueries): 'last' | 'after' | 'anywhere' {
  if (candidates !== undefined) return 'after';
  return sees === 'all' ? 'anywhere' : 'last';
}

function checkForm(op: string, { queryOffsets, keyRows, candidates, sees, mask }: AttentionTensors): void {
  const needing = Object.entries({ keyRows, candidates, sees }).find(([, value]) => value !== undefined);
  if (queryOffsets === undefined && needing !== undefined) {
    throw new UnsupportedError(
      `${op}: expected queryOffsets with ${needing[0]}; got none; say which queries belong to which sequence`,
    );
  }
  if (sees === 'all' && mask !== undefined) {
    throw new UnsupportedError(`${op}: expected no mask with sees 'all'; got one; leave one of the two out`);
  }
  if (queryOffsets !== undefined && mask?.numTargets !== undefined) {
    throw new UnsupportedError(
      `${op}: expected no numTargets with queryOffsets; got some; give the targets as candidates instead`,
    );
  }
}
