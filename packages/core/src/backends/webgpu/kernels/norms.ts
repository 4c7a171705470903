import {
  L2Normalize,
  L2NormalizeGrad,
  LayerNorm,
  LayerNormGrad,
  type NormAttrs,
  RmsNorm,
  RmsNormGrad,
} from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { override, rowsAndWidth } from './support.ts';
import { rowSum } from './wgsl.ts';

/** Threads of a workgroup of the row programs. */
export const ROW_THREADS = 64;

/** Threads that share a row: a wide row keeps more of them busy. */
export function lanesFor(width: number): number {
  return width <= 128 ? 8 : 32;
}

/**
 * Opens the body of a row program: `row`, `present` (whether the row exists), `first` element and `part`, the thread's
 * index in the row. All threads run through, as sums need them.
 */
export function rowPrologue(lanes: number): string {
  return `
  let part = lane % ${lanes}u;
  let row = group * ${ROW_THREADS / lanes}u + lane / ${lanes}u;
  let present = row < u.rows;
  let first = row * u.width;
  let width = select(0u, u.width, present);
  let count = f32(u.width);`;
}

/** `var mean`, `var inverse`: of the row of `x`, biased variance from the centred values. */
export function rowMoments(lanes: number): string {
  return `
  var total = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { total += x[first + c]; }
  let mean = rowSum(total, lane) / count;
  var squares = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { let d = x[first + c] - mean; squares += d * d; }
  let inverse = 1.0 / sqrt(rowSum(squares, lane) / count + u.epsilon);`;
}

function rowProgram(op: string, lanes: number, backward: boolean, body: string): Program {
  return {
    op,
    key: `lanes ${lanes}`,
    bindings: backward ? bind('x', 'dy', 'dx!') : bind('x', 'y!'),
    uniforms: uniforms('rows', 'width', 'epsilon: f32'),
    threads: ROW_THREADS,
    globals: rowSum(ROW_THREADS, lanes),
    body: rowPrologue(lanes) + body,
  };
}

const layerNorm = (lanes: number) =>
  rowProgram(
    LayerNorm,
    lanes,
    false,
    `${rowMoments(lanes)}
  for (var c = part; c < width; c += ${lanes}u) { y[first + c] = (x[first + c] - mean) * inverse; }`,
  );

const layerNormGrad = (lanes: number) =>
  rowProgram(
    LayerNormGrad,
    lanes,
    true,
    `${rowMoments(lanes)}
  var plain = 0.0;
  var along = 0.0;
  for (var c = part; c < width; c += ${lanes}u) {
    plain += dy[first + c];
    along += dy[first + c] * (x[first + c] - mean) * inverse;
  }
  let meanPlain = rowSum(plain, lane) / count;
  let meanAlong = rowSum(along, lane) / count;
  for (var c = part; c < width; c += ${lanes}u) {
    let normed = (x[first + c] - mean) * inverse;
    dx[first + c] = (dy[first + c] - meanPlain - normed * meanAlong) * inverse;
  }`,
  );

const length = (lanes: number) => `
  var squares = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { squares += x[first + c] * x[first + c]; }
  let length = sqrt(rowSum(squares, lane));
  let divisor = max(length, u.epsilon);`;

const l2Normalize = (lanes: number) =>
  rowProgram(
    L2Normalize,
    lanes,
    false,
    `${length(lanes)}
  for (var c = part; c < width; c += ${lanes}u) { y[first + c] = x[first + c] / divisor; }`,
  );

const l2NormalizeGrad = (lanes: number) =>
  rowProgram(
    L2NormalizeGrad,
    lanes,
    true,
    `${length(lanes)}
  var dot = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { dot += x[first + c] * dy[first + c]; }
  // Below epsilon the divisor is a constant.
  let along = select(0.0, rowSum(dot, lane) / (divisor * divisor), length > u.epsilon);
  for (var c = part; c < width; c += ${lanes}u) {
    dx[first + c] = (dy[first + c] - x[first + c] * along) / divisor;
  }`,
  );

const root = (lanes: number) => `
  var squares = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { squares += x[first + c] * x[first + c]; }
  let inverse = 1.0 / sqrt(rowSum(squares, lane) / count + u.epsilon);`;

const rmsNorm = (lanes: number) =>
  rowProgram(
    RmsNorm,
    lanes,
    false,
    `${root(lanes)}
  for (var c = part; c < width; c += ${lanes}u) { y[first + c] = x[first + c] * inverse; }`,
  );

const rmsNormGrad = (lanes: number) =>
  rowProgram(
    RmsNormGrad,
    lanes,
    true,
    `${root(lanes)}
  var dot = 0.0;
  for (var c = part; c < width; c += ${lanes}u) { dot += x[first + c] * dy[first + c]; }
  let along = rowSum(dot, lane) / count * inverse * inverse;
  for (var c = part; c < width; c += ${lanes}u) { dx[first + c] = (dy[first + c] - x[first + c] * along) * inverse; }`,
  );

export function registerNorms(name: string): void {
  const programs = { [LayerNorm]: layerNorm, [LayerNormGrad]: layerNormGrad };
  const lengths = { [L2Normalize]: l2Normalize, [L2NormalizeGrad]: l2NormalizeGrad };
  const all = { ...programs, ...lengths, [RmsNorm]: rmsNorm, [RmsNormGrad]: rmsNormGrad };
  for (const [kernelName, program] of Object.entries(all)) {
    override<NormAttrs>(name, kernelName, ({ x, dy }, backend, { epsilon }) => {
      const [rows, width] = rowsAndWidth(x.shape);
      const result = backend.output(x.shape);
      const lanes = lanesFor(width);
      const groups = width === 0 ? 0 : Math.ceil((rows * lanes) / ROW_THREADS);
      const tensors = dy === undefined ? [x, result] : [x, dy, result];
      backend.dispatch(program(lanes), { tensors, uniforms: { rows, width, epsilon }, groups });
      return result;
    });
  }
}
