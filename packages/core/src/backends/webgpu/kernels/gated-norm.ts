import { GatedNorm, type GatedNormAttrs, GatedNormGrad } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { lanesFor, ROW_THREADS, rowMoments, rowPrologue } from './norms.ts';
import { override, rowsAndWidth } from './support.ts';
import { DROPOUT_UNIFORMS, dropoutValues, KEEP_SCALE, rowSum, STREAM_UNIFORMS, streamValues } from './wgsl.ts';

const UNIFORMS = ['rows', 'width', 'epsilon: f32', ...DROPOUT_UNIFORMS, ...STREAM_UNIFORMS];

function program(op: string, lanes: number, dropped: boolean): Program {
  const keep = (i: string) => (dropped ? ` * keepScale(${i})` : '');
  const forward = `
  for (var c = part; c < width; c += ${lanes}u) {
    let i = first + c;
    y[i] = gate[i] * (x[i] - mean) * inverse${keep('i')};
  }`;
  const backward = `
  var plain = 0.0;
  var along = 0.0;
  for (var c = part; c < width; c += ${lanes}u) {
    let i = first + c;
    let normed = (x[i] - mean) * inverse;
    let upstream = dy[i]${keep('i')};
    let dNormed = upstream * gate[i];
    dGate[i] = upstream * normed;
    // Kept where the result goes, so that the mask is made once.
    dx[i] = dNormed;
    plain += dNormed;
    along += dNormed * normed;
  }
  let meanPlain = rowSum(plain, lane) / count;
  let meanAlong = rowSum(along, lane) / count;
  for (var c = part; c < width; c += ${lanes}u) {
    let i = first + c;
    let normed = (x[i] - mean) * inverse;
    dx[i] = (dx[i] - meanPlain - normed * meanAlong) * inverse;
  }`;
  return {
    op,
    key: `lanes ${lanes}, dropout ${dropped}`,
    bindings: op === GatedNorm ? bind('gate', 'x', 'y!') : bind('gate', 'x', 'dy', 'dGate!', 'dx!'),
    uniforms: uniforms(...UNIFORMS),
    threads: ROW_THREADS,
    globals: rowSum(ROW_THREADS, lanes) + (dropped ? KEEP_SCALE : ''),
    body: rowPrologue(lanes) + rowMoments(lanes) + (op === GatedNorm ? forward : backward),
  };
}

export function registerGatedNorm(name: string): void {
  for (const op of [GatedNorm, GatedNormGrad]) {
    override<GatedNormAttrs>(name, op, ({ u, x, dy }, backend, attrs) => {
      const [rows, width] = rowsAndWidth(x.shape);
      const lanes = lanesFor(width);
      const scalars = { rows, width, epsilon: attrs.epsilon, ...dropoutValues(attrs.rate), ...streamValues(attrs) };
      const outputs = (dy === undefined ? [x] : [u, x]).map(({ shape }) => backend.output(shape));
      backend.dispatch(program(op, lanes, attrs.rate > 0), {
        tensors: dy === undefined ? [u, x, ...outputs] : [u, x, dy, ...outputs],
        uniforms: scalars,
        groups: width === 0 ? 0 : Math.ceil((rows * lanes) / ROW_THREADS),
      });
      return dy === undefined ? outputs[0] : outputs;
    });
  }
}
