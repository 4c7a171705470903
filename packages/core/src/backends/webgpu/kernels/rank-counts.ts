import { type CandidateAttrs, RankCounts } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { BLOCK_UNIFORMS, CANDIDATES, EXCLUDED, forScoreBlocks } from './score-blocks.ts';
import { FLAT_THREADS, override } from './support.ts';

/** A workgroup a query. What is not finite is told by its bits: compilers may take for granted that no number is. */
const count: Program = {
  op: RankCounts,
  key: '',
  bindings: bind('scores', 'bits: u32', 'targets: i32', 'last: i32', 'counts!: u32'),
  uniforms: uniforms(...BLOCK_UNIFORMS),
  threads: FLAT_THREADS,
  globals: `
var<workgroup> sums: array<atomic<u32>, 4>;
fn magnitude(x: f32) -> u32 { return bitcast<u32>(x) & 0x7fffffffu; }`,
  body: `${CANDIDATES}
  let target_ = u32(targets[query]);
  let goal = scores[group * u.items + target_];
  var higher = 0u;
  var before = 0u;
  var after = 0u;
  var undefined_ = 0u;
  for (var id = u.firstItem + lane; id < end; id += ${FLAT_THREADS}u) {
    if (${EXCLUDED} || id == target_) { continue; }
    let score = scores[group * u.items + id];
    if (magnitude(score) > 0x7f800000u) { undefined_++; continue; }
    if (magnitude(goal) > 0x7f800000u) { continue; }
    if (score > goal) { higher++; }
    if (score == goal) {
      if (id < target_) { before++; } else { after++; }
    }
  }
  if (lane == 0u && magnitude(goal) >= 0x7f800000u) { undefined_++; }
  atomicAdd(&sums[0], higher);
  atomicAdd(&sums[1], before);
  atomicAdd(&sums[2], after);
  atomicAdd(&sums[3], undefined_);
  workgroupBarrier();
  if (lane < 4u) { counts[query * 4u + lane] = atomicLoad(&sums[lane]); }`,
};

/** Counts over blocks of scores. */
export function registerRankCounts(name: string): void {
  override<CandidateAttrs>(name, RankCounts, (inputs, backend, { firstItem }) => {
    const { queries, targets, last } = inputs;
    const counts = backend.output([queries.shape[0], 4], 'int32');
    forScoreBlocks(backend, name, { inputs, firstItem }, ({ rows, scores, bits, scalars }) => {
      backend.dispatch(count, { tensors: [scores, bits, targets, last, counts], uniforms: scalars, groups: rows });
    });
    return counts;
  });
}
