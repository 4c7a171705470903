import { SampledSoftmax, type SampledSoftmaxAttrs, SampledSoftmaxGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { segmentSum } from './segment-sum.ts';
import { type Inputs, override, sizeOf } from './support.ts';

/** A workgroup has one token; a thread scores every 64th of its ids. */
const THREADS = 64;
/** Coefficients that a workgroup holds at a time. */
const SLICE = 256;

const UNIFORMS = ['tokens', 'width', 'negativesPerToken', 'temperature: f32'];

/** `logit(t, r)`: entry 0 is the positive; a negative that equals it gets -5e4. `correction` is taken off. */
function logits(correction?: string): string {
  return `
fn idOf(t: u32, r: u32) -> u32 {
  if (r == 0u) { return u32(positives[t]); }
  return u32(negatives[t * u.negativesPerToken + r - 1u]);
}
fn isHit(t: u32, r: u32) -> bool { return r > 0u && idOf(t, r) == u32(positives[t]); }
fn logit(t: u32, r: u32) -> f32 {
  if (isHit(t, r)) { return -5e4; }
  let id = idOf(t, r);
  var dot = 0.0;
  for (var c = 0u; c < u.width; c++) { dot += queries[t * u.width + c] * items[id * u.width + c]; }
  return dot / u.temperature${correction === undefined ? '' : ` - ${correction}`};
}
`;
}

const forward = (corrected: boolean): Program => ({
  op: SampledSoftmax,
  key: corrected ? 'logQ' : '',
  bindings: bind(
    'queries',
    'items',
    'positives: i32',
    'negatives: i32',
    'loss!',
    'logSumExp!',
    ...(corrected ? ['logQ'] : []),
  ),
  uniforms: uniforms(...UNIFORMS),
  threads: THREADS,
  globals: `${logits(corrected ? 'logQ[id]' : undefined)}
var<workgroup> tops: array<f32, ${THREADS}>;
var<workgroup> sums: array<f32, ${THREADS}>;
`,
  body: `
  if (group >= u.tokens) { return; }
  // Each thread sums relative to its own largest logit; the first joins them in order.
  var top = -3.4e38;
  var sum = 0.0;
  for (var r = lane; r <= u.negativesPerToken; r += ${THREADS}u) {
    let z = logit(group, r);
    if (z > top) {
      sum = sum * exp(top - z) + 1.0;
      top = z;
    } else {
      sum += exp(z - top);
    }
  }
  tops[lane] = top;
  sums[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var i = 1u; i < min(${THREADS}u, u.negativesPerToken + 1u); i++) { top = max(top, tops[i]); }
  var total = 0.0;
  for (var i = 0u; i < min(${THREADS}u, u.negativesPerToken + 1u); i++) { total += sums[i] * exp(tops[i] - top); }
  let result = top + log(total);
  logSumExp[group] = result;
  loss[group] = result - logit(group, 0u);`,
});

/**
 * `dQueries`, and the coefficient and id of every entry, for the sum over items. `lossInputs` is logSumExp and upstream
 * gradient of each token, then logQ: a device may bind no more than eight buffers.
 */
const backward = (corrected: boolean): Program => ({
  op: SampledSoftmaxGrad,
  key: corrected ? 'logQ' : '',
  bindings: bind(
    'queries',
    'items',
    'positives: i32',
    'negatives: i32',
    'lossInputs',
    'dQueries!',
    'coefficients!',
    'ids!: i32',
  ),
  uniforms: uniforms(...UNIFORMS),
  threads: THREADS,
  globals: `${logits(corrected ? 'lossInputs[2u * u.tokens + id]' : undefined)}
var<workgroup> slice: array<f32, ${SLICE}>;
`,
  body: `
  if (group >= u.tokens) { return; }
  let entries = u.negativesPerToken + 1u;
  let top = lossInputs[group];
  let upstream = lossInputs[u.tokens + group] / u.temperature;
  for (var c = lane; c < u.width; c += ${THREADS}u) { dQueries[group * u.width + c] = 0.0; }
  for (var first = 0u; first < entries; first += ${SLICE}u) {
    let here = min(${SLICE}u, entries - first);
    for (var e = lane; e < here; e += ${THREADS}u) {
      let r = first + e;
      var dz = exp(logit(group, r) - top);
      if (r == 0u) { dz -= 1.0; }
      dz = select(dz * upstream, 0.0, isHit(group, r));
      slice[e] = dz;
      coefficients[group * entries + r] = dz;
      ids[group * entries + r] = i32(idOf(group, r));
    }
    workgroupBarrier();
    for (var c = lane; c < u.width; c += ${THREADS}u) {
      var sum = dQueries[group * u.width + c];
      for (var e = 0u; e < here; e++) { sum += slice[e] * items[idOf(group, first + e) * u.width + c]; }
      dQueries[group * u.width + c] = sum;
    }
    workgroupBarrier();
  }`,
});

function values({ queries, negatives }: Inputs, temperature: number): Record<string, number> {
  const [tokens, width] = queries.shape;
  return { tokens, width, negativesPerToken: negatives.shape[1], temperature };
}

export function registerSampledSoftmax(name: string): void {
  override<SampledSoftmaxAttrs>(name, SampledSoftmax, (inputs, backend, { temperature }) => {
    const { queries, items, positives, negatives, logQ } = inputs;
    const [tokens] = queries.shape;
    const [loss, logSumExp] = [backend.output([tokens]), backend.output([tokens])];
    const corrected = sizeOf(logQ) > 0;
    backend.dispatch(forward(corrected), {
      tensors: [queries, items, positives, negatives, loss, logSumExp, ...(corrected ? [logQ] : [])],
      uniforms: values(inputs, temperature),
      groups: tokens,
    });
    return [loss, logSumExp];
  });
  override<SampledSoftmaxAttrs>(name, SampledSoftmaxGrad, (inputs, backend, { temperature }) => {
    const { queries, items, positives, negatives, logQ, logSumExp, dLoss } = inputs;
    const [tokens, width] = queries.shape;
    const entries = tokens * (negatives.shape[1] + 1);
    const [dQueries, dItems] = [backend.output(queries.shape), backend.output(items.shape)];
    if (entries * width === 0) {
      if (sizeOf(dItems) > 0) backend.clear(dItems);
      return [dQueries, dItems];
    }
    const corrections = sizeOf(logQ);
    backend.withScratch([2 * tokens + corrections, entries, entries], (lossInputs, coefficients, ids) => {
      backend.copy(logSumExp, lossInputs);
      backend.copy(dLoss, lossInputs, tokens);
      if (corrections > 0) backend.copy(logQ, lossInputs, 2 * tokens);
      backend.dispatch(backward(corrections > 0), {
        tensors: [queries, items, positives, negatives, lossInputs, dQueries, coefficients, ids],
        uniforms: values(inputs, temperature),
        groups: tokens,
      });
      const group = negatives.shape[1] + 1;
      segmentSum(backend, dItems, { x: queries, width, ids, group, weights: coefficients, segments: items.shape[0] });
    });
    return [dQueries, dItems];
  });
}
