import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../../errors.ts';
import { LinearLayer, type LinearLayerAttrs, LinearLayerGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { keepBits, keptBits } from './dropout-bits.ts';
import { packB, packedBytes } from './mat-mul.ts';
import { withPacked } from './packed-weight.ts';
import { dropoutSlots } from './random.ts';
import { bufferStride, fitsScratch, rangesOf, rowProducts, WEIGHT_BYTES } from './row-blocks.ts';
import { sumParts } from './sum-parts.ts';
import { alias, override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

/** Outputs that fit the argument block beside the fixed slots. */
const MAXIMUM_BLOCKS = 19;

/** Codes of activations in `assembly/linear-layer.ts`. */
const ACTIVATION = { none: 0, relu: 1, gelu: 2 } as const;

const SLOPES = 'derivatives of GELU';

/** What both kernels are given. */
function common({ x, w }: Inputs, backend: SimdBackend, packed: number, attrs: LinearLayerAttrs) {
  const [rows, d] = x.shape;
  return {
    X: backend.address(x),
    PACKED: packed,
    ROWS: rows,
    D: d,
    E: w.shape[0],
    ACTIVATION: ACTIVATION[attrs.activation],
    DROPOUT: attrs.rate > 0 ? 1 : 0,
    ...dropoutSlots(attrs),
    EPSILON: float(attrs.epsilon),
    COUNT: attrs.sizes.length,
  };
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: LinearLayerAttrs): TensorInfo[] | undefined {
  const { x, w, b, residual } = inputs;
  const { activation, sizes, skip, epsilon } = attrs;
  const [rows, d] = x.shape;
  const e = w.shape[0];
  if (sizes.length > MAXIMUM_BLOCKS || !fitsScratch(d, e)) return undefined;
  const [bias, added] = [b, residual].map((info) => (sizeOf(info) > 0 ? backend.address(info) : 0));
  const outputs = sizes.map((size) => backend.output([rows, size]));
  // Only a gradient reads them.
  const kept = activation === 'gelu' && engine().state.gradientDepth > 0;
  const slopes = kept ? backend.attach(outputs[0].info, rows * bufferStride(e), SLOPES) : 0;
  // A ReLU shows by the sign of what it left what stays.
  const bits = activation === 'relu' ? 0 : keepBits(backend, outputs[0].info, rows * e, attrs);
  const normed = skip && epsilon > 0 ? backend.output(x.shape) : undefined;
  const pairs = outputs.flatMap(({ address }, i) => [address, sizes[i]]);
  const { library, block } = rowProducts(backend, rows, d, e);
  withPacked(backend, w, { rows, k: d, n: e, transposed: true, library }, (packed) => {
    backend.pool.run(KERNEL.linearLayer, Math.ceil(rows / block), {
      ...common(inputs, backend, packed, attrs),
      LIBRARY: library,
      PER_TASK: block,
      BIAS: bias,
      RESIDUAL: added,
      SLOPES: slopes,
      BITS: bits,
      NORMED: normed?.address ?? 0,
      OUTPUTS: pairs,
    });
  });
  const blocks = outputs.map(({ info }) => info);
  return skip ? [...blocks, normed?.info ?? alias(backend, x, x.shape)] : blocks;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: LinearLayerAttrs): TensorInfo[] | undefined {
  const { x, w, y } = inputs;
  const { activation, sizes, skip } = attrs;
  const [rows, d] = x.shape;
  const e = w.shape[0];
  // The last column is the gradient of the bias.
  const columns = d + 1;
  const large = e * columns * 4 > WEIGHT_BYTES;
  if (sizes.length > MAXIMUM_BLOCKS || large || rows === 0 || !fitsScratch(d, e)) return undefined;
  const pw = backend.address(w);
  const kept = activation === 'gelu' ? keptSlopes(backend, y) : activation === 'relu' ? backend.address(y) : 0;
  const pairs = sizes.flatMap((size, i) => [backend.address(inputs[`dy${i}`]), size]);
  const dSkip = skip ? backend.address(inputs[`dy${sizes.length}`]) : 0;
  const [dx, dw, db] = [backend.output(x.shape), backend.output(w.shape), backend.output([e])];
  const { range, ranges } = rangesOf(rows);
  const { library, block } = rowProducts(backend, rows, d, e);
  const temporaries = [library ? 0 : packedBytes(e, d), ranges * e * columns * 4];
  backend.withTemporaries(temporaries, 'parts of the gradient of a weight', (packed, parts) => {
    if (!library) packB(backend, { from: pw, to: packed, k: e, n: d, transposed: false });
    backend.pool.run(KERNEL.linearLayerGrad, ranges, {
      ...common(inputs, backend, library ? pw : packed, attrs),
      LIBRARY: library,
      BLOCK_ROWS: block,
      PER_TASK: range,
      DX: dx.address,
      PARTS: parts,
      KEPT: kept,
      BITS: keptBits(backend, y),
      SKIP: dSkip,
      OUTPUTS: pairs,
    });
    const sum = { parts: ranges, rows: e, stride: columns };
    sumParts(backend, { ...sum, from: parts, columns: d, to: dw.address });
    sumParts(backend, { ...sum, from: parts + d * 4, columns: 1, to: db.address });
  });
  return [dx, dw, db].map(({ info }) => info);
}

function keptSlopes(backend: SimdBackend, y: TensorInfo): number {
  const slopes = backend.attached(y, SLOPES);
  if (slopes === undefined)
    throw new BackendError(`${LinearLayerGrad}: expected the y that the forward pass returned; got another tensor`);
  return slopes;
}

export function registerLinearLayer(name: string): void {
  override(name, LinearLayer, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as LinearLayerAttrs),
  );
  override(name, LinearLayerGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as LinearLayerAttrs),
  );
}
