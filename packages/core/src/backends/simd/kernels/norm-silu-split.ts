import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../../errors.ts';
import { NormSiluSplit, type NormSiluSplitAttrs, NormSiluSplitGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { matMul, packB, packedBytes } from './mat-mul.ts';
import { withPacked } from './packed-weight.ts';
import { bufferStride, fitsScratch, rangesOf, rowProducts, WEIGHT_BYTES } from './row-blocks.ts';
import { sumParts } from './sum-parts.ts';
import { alias, override } from './support.ts';
import type { Inputs } from './types.ts';

/** Outputs that fit the argument block beside the fixed slots. */
const MAXIMUM_BLOCKS = 24;

const SLOPES = 'derivatives of SiLU';

function forward({ x, w }: Inputs, backend: SimdBackend, attrs: NormSiluSplitAttrs): TensorInfo[] | undefined {
  const { sizes, epsilon } = attrs;
  const [rows, d] = x.shape;
  const e = w.shape[1];
  if (sizes.length > MAXIMUM_BLOCKS || !fitsScratch(d, e)) return undefined;
  const px = backend.address(x);
  const outputs = sizes.map((size) => backend.output([rows, size]));
  // Only a gradient reads them.
  const kept = engine().state.gradientDepth > 0;
  const slopes = kept ? backend.attach(outputs[0].info, rows * bufferStride(e), SLOPES) : 0;
  const pairs = outputs.flatMap(({ address }, i) => [address, sizes[i]]);
  const { library, block } = rowProducts(backend, rows, d, e);
  withPacked(backend, w, { rows, k: d, n: e, transposed: false, library }, (packed) => {
    backend.pool.run(KERNEL.normSiluSplit, Math.ceil(rows / block), {
      LIBRARY: library,
      X: px,
      PACKED: packed,
      ROWS: rows,
      D: d,
      E: e,
      PER_TASK: block,
      EPSILON: float(epsilon),
      SLOPES: slopes,
      COUNT: sizes.length,
      OUTPUTS: pairs,
    });
  });
  return [...outputs.map(({ info }) => info), alias(backend, x, x.shape)];
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: NormSiluSplitAttrs): TensorInfo[] | undefined {
  const { x, w, y0 } = inputs;
  const { sizes, epsilon } = attrs;
  const [rows, d] = x.shape;
  const e = w.shape[1];
  if (sizes.length > MAXIMUM_BLOCKS || !fitsScratch(d, e)) return undefined;
  const slopes = backend.attached(y0, SLOPES);
  if (slopes === undefined)
    throw new BackendError(`${NormSiluSplitGrad}: expected the y0 that the forward pass returned; got another tensor`);
  const [px, pw] = [backend.address(x), backend.address(w)];
  const pairs = sizes.flatMap((size, i) => [backend.address(inputs[`dy${i}`]), size]);
  const dSkip = backend.address(inputs[`dy${sizes.length}`]);
  const dx = backend.output(x.shape);
  const whole = d * e * 4 > WEIGHT_BYTES || rows === 0;
  const { range, ranges } = rangesOf(rows);
  const { library, block } = rowProducts(backend, rows, d, e);
  const run = (packed: number, parts: number, normed: number, g: number): void => {
    if (!library) packB(backend, { from: pw, to: packed, k: e, n: d, transposed: true });
    backend.pool.run(KERNEL.normSiluSplitGrad, ranges, {
      LIBRARY: library,
      X: px,
      PACKED: library ? pw : packed,
      ROWS: rows,
      D: d,
      E: e,
      BLOCK_ROWS: block,
      EPSILON: float(epsilon),
      SLOPES: slopes,
      PER_TASK: range,
      SKIP: dSkip,
      DX: dx.address,
      PARTS: parts,
      NORMED: normed,
      G: g,
      COUNT: sizes.length,
      OUTPUTS: pairs,
    });
  };
  const packedSize = library ? 0 : packedBytes(e, d);
  if (whole) {
    // The kernel reads whole strips of g: up to five rows past the last.
    const [normed, g] = [backend.output([rows, d]), backend.output([rows + 5, e])];
    backend.withTemporaries([packedSize], 'the packed weight of an HSTU layer', (packed) => {
      run(packed, 0, normed.address, g.address);
    });
    const dw = matMul(backend, normed.info, { ...g.info, shape: [rows, e] }, true, false);
    for (const { info } of [normed, g]) backend.disposeIntermediateTensorInfo(info);
    return [dx.info, dw];
  }
  const dw = backend.output(w.shape);
  backend.withTemporaries([packedSize, ranges * d * e * 4], 'parts of the gradient of a weight', (packed, parts) => {
    run(packed, parts, 0, 0);
    sumParts(backend, { from: parts, parts: ranges, rows: d, columns: e, to: dw.address });
  });
  return [dx.info, dw.info];
}

export function registerNormSiluSplit(name: string): void {
  override(name, NormSiluSplit, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as NormSiluSplitAttrs),
  );
  override(name, NormSiluSplitGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as NormSiluSplitAttrs),
  );
}
