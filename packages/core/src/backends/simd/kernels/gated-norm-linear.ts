import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type GatedNormAttrs, GatedNormLinear, GatedNormLinearGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { keepBits, keptBits } from './dropout-bits.ts';
import { matMul, packB, packedBytes } from './mat-mul.ts';
import { withPacked } from './packed-weight.ts';
import { dropoutSlots } from './random.ts';
import { fitsScratch, rangesOf, rowProducts, WEIGHT_BYTES } from './row-blocks.ts';
import { sumParts } from './sum-parts.ts';
import { override } from './support.ts';
import type { Inputs } from './types.ts';

/** What both kernels are given. */
function common(backend: SimdBackend, { u, x, w }: Inputs, packed: number, attrs: GatedNormAttrs) {
  const [rows, c] = x.shape;
  return {
    U: backend.address(u),
    X: backend.address(x),
    PACKED: packed,
    ROWS: rows,
    C: c,
    D: w.shape[0],
    EPSILON: float(attrs.epsilon),
    DROPOUT: attrs.rate > 0 ? 1 : 0,
    ...dropoutSlots(attrs),
  };
}

function forward(inputs: Inputs, backend: SimdBackend, attrs: GatedNormAttrs): TensorInfo | undefined {
  const { x, w, b, residual } = inputs;
  const [rows, c] = x.shape;
  const d = w.shape[0];
  if (!fitsScratch(c, d)) return undefined;
  const [pb, pr] = [b, residual].map((info) => backend.address(info));
  const out = backend.output([rows, d]);
  const { library, block } = rowProducts(backend, rows, c, d);
  withPacked(backend, w, { rows, k: c, n: d, transposed: true, library }, (packed) => {
    backend.pool.run(KERNEL.gatedNormLinear, Math.ceil(rows / block), {
      ...common(backend, inputs, packed, attrs),
      LIBRARY: library,
      BIAS: pb,
      RESIDUAL: pr,
      OUT: out.address,
      PER_TASK: block,
      BITS: keepBits(backend, out.info, rows * c, attrs),
    });
  });
  return out.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: GatedNormAttrs): TensorInfo[] | undefined {
  const { u, x, w, y, dy } = inputs;
  const [rows, c] = x.shape;
  const d = w.shape[0];
  if (!fitsScratch(c, d)) return undefined;
  const [pw, pd] = [w, dy].map((info) => backend.address(info));
  const [du, dx] = [backend.output(u.shape), backend.output(x.shape)];
  const [dw, db] = [backend.output(w.shape), backend.output([d])];
  // The last column is the gradient of the bias.
  const columns = c + 1;
  const { range, ranges } = rangesOf(rows);
  const { library, block } = rowProducts(backend, rows, c, d);
  const packedSize = library ? 0 : packedBytes(d, c);
  const run = (packed: number, parts: number, kept: number): void => {
    if (!library) packB(backend, { from: pw, to: packed, k: d, n: c, transposed: false });
    backend.pool.run(KERNEL.gatedNormLinearGrad, ranges, {
      ...common(backend, inputs, library ? pw : packed, attrs),
      LIBRARY: library,
      D_OUT: pd,
      DU: du.address,
      DX: dx.address,
      BLOCK_ROWS: block,
      PER_TASK: range,
      PARTS: parts,
      KEPT_ROWS: kept,
      BITS: keptBits(backend, y),
    });
  };
  const add = (parts: number, count: number): void => {
    const sum = { parts: count, rows: d, stride: columns };
    sumParts(backend, { ...sum, from: parts, columns: c, to: dw.address });
    sumParts(backend, { ...sum, from: parts + c * 4, columns: 1, to: db.address });
  };
  if (d * columns * 4 > WEIGHT_BYTES || rows === 0) {
    const kept = backend.output([rows, columns]);
    backend.withTemporaries([packedSize], 'the packed weight of an HSTU layer', (packed) => {
      run(packed, 0, kept.address);
    });
    const both = matMul(backend, dy, kept.info, true, false);
    add(backend.address(both), 1);
    for (const info of [kept.info, both]) backend.disposeIntermediateTensorInfo(info);
  } else {
    const sizes = [packedSize, ranges * d * columns * 4];
    backend.withTemporaries(sizes, 'parts of the gradient of a weight', (packed, parts) => {
      run(packed, parts, 0);
      add(parts, ranges);
    });
  }
  return [du, dx, dw, db].map(({ info }) => info);
}

export function registerGatedNormLinear(name: string): void {
  override(name, GatedNormLinear, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as GatedNormAttrs),
  );
  override(name, GatedNormLinearGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as GatedNormAttrs),
  );
}
