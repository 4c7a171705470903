import type * as tf from '@tensorflow/tfjs-core';
import { topItems } from '../../composed/ranking.ts';
import { TopItems, type TopItemsAttrs } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { padRows } from './padded-rows.ts';
import { BLOCK_UNIFORMS, CANDIDATES, EXCLUDED, forScoreBlocks } from './score-blocks.ts';
import { FLAT_THREADS, type Inputs, override } from './support.ts';

/** Longer lists run composed: a list is sorted in workgroup memory. */
const LONGEST = 1024;
const DIGIT_BITS = 8;

/**
 * Calls `each` for all candidates with a number for a score: `id`, `key` (ordered as the scores are) and
 * `turned` (lower ids are larger).
 */
function forCandidates(each: string, otherwise = ''): string {
  return `
    for (var id = u.firstItem + lane; id < end; id += ${FLAT_THREADS}u) {
      if (${EXCLUDED}) { continue; }
      let bits_ = scores[group * u.items + id];
      if ((bits_ & 0x7fffffffu) > 0x7f800000u) { ${otherwise} continue; }
      // As on other backends, minus infinity fills no place.
      if (bits_ == 0xff800000u) { continue; }
      let key = orderedKey(bits_);
      let turned = u.idMask - id;
      ${each}
    }`;
}

/**
 * A workgroup a query. Radix selection finds the pair (score, id) of rank `k`: digits of the score from the highest,
 * then those of the id, counted in 256 bins each. All pairs differ, so exactly `k` are not below it; those are
 * collected in any order and sorted. Only integers are added by atomics: the same list every time.
 */
const select: Program = {
  op: TopItems,
  key: '',
  bindings: bind('scores: u32', 'bits: u32', 'last: i32', 'bestScores!: u32', 'bestIds!: i32', 'undefinedScores!: u32'),
  uniforms: uniforms(...BLOCK_UNIFORMS, 'k', 'size', 'idPasses', 'idMask'),
  threads: FLAT_THREADS,
  globals: `
var<workgroup> bins: array<atomic<u32>, 256>;
var<workgroup> undefined_: atomic<u32>;
var<workgroup> taken: atomic<u32>;
var<workgroup> places: u32;
// How many of the pairs that begin with the digits so far are wanted, and those digits.
var<workgroup> wanted: u32;
var<workgroup> keyDigits: u32;
var<workgroup> idDigits: u32;
var<workgroup> keys: array<u32, ${LONGEST}>;
var<workgroup> ids: array<u32, ${LONGEST}>;
// Bits of a number, turned so that they are ordered as numbers are; both zeros are one.
fn orderedKey(x: u32) -> u32 {
  let zero = (x & 0x7fffffffu) == 0u;
  return select(select(x | 0x80000000u, ~x, (x >> 31u) == 1u), 0x80000000u, zero);
}`,
  body: `${CANDIDATES}
  for (var round = 0u; round < 4u + u.idPasses; round++) {
    atomicStore(&bins[lane], 0u);
    workgroupBarrier();
    let ofKey = round < 4u;
    let shift = ${DIGIT_BITS}u * select(3u + u.idPasses - round, 3u - round, ofKey);${forCandidates(
      `var digit = 0u;
      if (ofKey) {
        if (round > 0u && key >> (shift + ${DIGIT_BITS}u) != keyDigits) { continue; }
        digit = key >> shift;
      } else {
        if (key != keyDigits) { continue; }
        if (round > 4u && turned >> (shift + ${DIGIT_BITS}u) != idDigits) { continue; }
        digit = turned >> shift;
      }
      atomicAdd(&bins[digit & 255u], 1u);`,
      'if (round == 0u) { atomicAdd(&undefined_, 1u); }',
    )}
    workgroupBarrier();
    if (lane == 0u) {
      if (round == 0u) {
        var total = 0u;
        for (var d = 0u; d < 256u; d++) { total += atomicLoad(&bins[d]); }
        places = min(u.k, total);
        wanted = places;
      }
      var digit = 255u;
      while (digit > 0u && atomicLoad(&bins[digit]) < wanted) {
        wanted -= atomicLoad(&bins[digit]);
        digit--;
      }
      if (ofKey) { keyDigits = (keyDigits << ${DIGIT_BITS}u) | digit; } else { idDigits = (idDigits << ${DIGIT_BITS}u) | digit; }
    }
    workgroupBarrier();
  }
  // What fills up the list is below every number.
  for (var i = lane; i < u.size; i += ${FLAT_THREADS}u) {
    keys[i] = 0u;
    ids[i] = 0xffffffffu;
  }
  workgroupBarrier();
  if (places > 0u) {${forCandidates(`if (key > keyDigits || (key == keyDigits && turned >= idDigits)) {
        let slot = atomicAdd(&taken, 1u);
        keys[slot] = key;
        ids[slot] = id;
      }`)}
  }
  workgroupBarrier();
  for (var run = 2u; run <= u.size; run *= 2u) {
    for (var step = run / 2u; step > 0u; step /= 2u) {
      for (var i = lane; i < u.size; i += ${FLAT_THREADS}u) {
        let other = i ^ step;
        if (other > i) {
          let later = keys[i] < keys[other] || (keys[i] == keys[other] && ids[i] > ids[other]);
          if (later == ((i & run) == 0u)) {
            let key = keys[i];
            let id = ids[i];
            keys[i] = keys[other];
            ids[i] = ids[other];
            keys[other] = key;
            ids[other] = id;
          }
        }
      }
      workgroupBarrier();
    }
  }
  for (var place = lane; place < u.k; place += ${FLAT_THREADS}u) {
    let at = query * u.k + place;
    bestScores[at] = 0xff800000u;
    bestIds[at] = -1;
    if (place < places) {
      bestScores[at] = scores[group * u.items + ids[place]];
      bestIds[at] = i32(ids[place]);
    }
  }
  if (lane == 0u) { undefinedScores[query] = atomicLoad(&undefined_); }`,
};

/** On padded vectors and in float32, as the blocks of scores are. */
function runComposed(backend: SeqrecWebgpuBackend, inputs: Inputs, attrs: TopItemsAttrs): tf.TensorInfo[] {
  const padded = [inputs.queries, inputs.items].map((x) => padRows(backend, x));
  try {
    const vectors = { ...inputs, queries: padded[0], items: padded[1] };
    const call = { inputs: vectors, backend, attrs: attrs as unknown as tf.NamedAttrMap };
    return backend.inFloat32(() => topItems.kernelFunc(call)) as tf.TensorInfo[];
  } finally {
    for (const { dataId } of padded) backend.disposeData(dataId);
  }
}

/** Lists over blocks of scores. */
export function registerTopItems(name: string): void {
  override<TopItemsAttrs>(name, TopItems, (inputs, backend, attrs) => {
    const { k, firstItem } = attrs;
    const [numQueries, numItems] = [inputs.queries.shape[0], inputs.items.shape[0]];
    if (Math.min(k, numItems) > LONGEST) return runComposed(backend, inputs, attrs);
    const outputs = [
      backend.output([numQueries, k]),
      backend.output([numQueries, k], 'int32'),
      backend.output([numQueries], 'int32'),
    ];
    const idPasses = Math.max(1, Math.ceil(Math.log2(numItems) / DIGIT_BITS));
    const size = 2 ** Math.ceil(Math.log2(Math.min(k, numItems)));
    const more = { k, size, idPasses, idMask: 2 ** (DIGIT_BITS * idPasses) - 1 };
    forScoreBlocks(backend, name, { inputs, firstItem }, ({ rows, scores, bits, scalars }) => {
      const tensors = [scores, bits, inputs.last, ...outputs];
      backend.dispatch(select, { tensors, uniforms: { ...scalars, ...more }, groups: rows });
    });
    return outputs;
  });
}
