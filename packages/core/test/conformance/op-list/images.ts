import * as tf from '@tensorflow/tfjs-core';
import { F, I, type KernelCases, kernel, type OpCase, P, U, V } from './op-case.ts';

type Pad = 'same' | 'valid' | number;
type Pool4 = (x: tf.Tensor4D, size: number, stride: number, pad: Pad) => tf.Tensor;
type Pool5 = (x: tf.Tensor5D, size: number, stride: number, pad: Pad) => tf.Tensor;

const SUMS = 3e-6;
const WINDOWS: readonly (readonly [number, number, Pad])[] = [
  [2, 2, 'valid'],
  [3, 1, 'same'],
  [3, 2, 'same'],
  [2, 1, 0],
];

const pool = (f: Pool4): KernelCases =>
  kernel(
    WINDOWS.map(([size, stride, pad]) => ({
      inputs: [F([2, 5, 6, 3])],
      run: (x: tf.Tensor4D) => f(x, size, stride, pad),
      gradient: true,
    })),
    SUMS,
    1,
  );

const pool3d = (f: Pool5): KernelCases =>
  kernel(
    WINDOWS.map(([size, stride, pad]) => ({
      inputs: [F([1, 4, 5, 4, 2])],
      run: (x: tf.Tensor5D) => f(x, size, stride, pad),
      gradient: true,
    })),
    SUMS,
    1,
  );

const convolutions: readonly OpCase[] = [
  ...(['same', 'valid'] as const).flatMap((pad) =>
    [1, 2].map((stride) => ({
      inputs: [F([2, 6, 5, 3]), F([3, 2, 3, 4])],
      run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, stride, pad),
      gradient: true,
    })),
  ),
  {
    inputs: [F([1, 7, 7, 2]), F([3, 3, 2, 3])],
    run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, 'same', 'NHWC', 2),
  },
  {
    inputs: [F([2, 4, 4, 8]), F([1, 1, 8, 5])],
    run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, 'same'),
    gradient: true,
  },
];

const depthwise: readonly OpCase[] = (['same', 'valid'] as const).flatMap((pad) =>
  [1, 2].map((stride) => ({
    inputs: [F([2, 6, 5, 3]), F([3, 2, 3, 2])],
    run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, stride, pad),
    gradient: true,
  })),
);

const convolutions3d: readonly OpCase[] = (['same', 'valid'] as const).map((pad) => ({
  inputs: [F([1, 4, 5, 4, 2]), F([2, 3, 2, 2, 3])],
  run: (x: tf.Tensor5D, w: tf.Tensor5D) => tf.conv3d(x, w, 1, pad),
  gradient: true,
}));

const dilations: readonly OpCase[] = (['same', 'valid'] as const).map((pad) => ({
  inputs: [F([2, 6, 5, 3]), F([2, 3, 3])],
  run: (x: tf.Tensor4D, w: tf.Tensor3D) => tf.dilation2d(x, w, 1, pad),
  gradient: true,
}));

const resize = (f: typeof tf.image.resizeBilinear): KernelCases =>
  kernel(
    [
      [8, 9],
      [3, 4],
      [5, 5],
    ].flatMap(([height, width]) =>
      [
        [false, false],
        [true, false],
        [false, true],
      ].map(([align, half]) => ({
        // Square: the stock gradient mixes height and width up.
        inputs: [F([2, 5, 5, 3])],
        run: (x: tf.Tensor4D) => f(x, [height, width], align, half),
        // The gradient of resizing takes no half-pixel centres.
        gradient: !half,
      })),
    ),
    SUMS,
    1,
  );

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'sigmoid', 'elu', 'leakyrelu'] as const;
const BOXES = V([0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101], [6, 4]);
const SCORES = V([0.9, 0.75, 0.6, 0.95, 0.5, 0.3]);
const values = (result: object): tf.Tensor[] => Object.values(result) as tf.Tensor[];

const products: readonly OpCase[] = (
  [
    [[5, 7], [7, 9], false, false],
    [[7, 5], [7, 9], true, false],
    [[5, 7], [9, 7], false, true],
    [[7, 5], [9, 7], true, true],
    [[3, 5, 7], [3, 7, 9], false, false],
    [[3, 5, 7], [1, 7, 9], false, false],
    [[1, 5, 7], [3, 9, 7], false, true],
    [[2, 3, 5, 4], [2, 3, 4, 6], false, false],
    [[2, 1, 5, 4], [1, 3, 4, 6], false, false],
    [[0, 4], [4, 3], false, false],
    [[3, 0], [0, 4], false, false],
    [[1, 1], [1, 1], false, false],
    [[70, 130], [130, 90], false, false],
    [[5, 4500], [4500, 6], false, false],
  ] as const
).map(([a, b, ta, tb]) => ({
  // Scaled so that the sums are near one.
  inputs: [F(a, Math.max(1, a.at(ta ? -2 : -1) ?? 1) ** -0.5), F(b)],
  run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, ta, tb),
  // No gradient where one side is repeated over the batch.
  gradient: String(a.slice(0, -2)) === String(b.slice(0, -2)),
}));

export const images: Readonly<Record<string, KernelCases>> = {
  AvgPool: pool((x, size, stride, pad) => tf.avgPool(x, size, stride, pad)),
  AvgPool3D: pool3d((x, size, stride, pad) => tf.avgPool3d(x, size, stride, pad as number)),
  AvgPool3DGrad: pool3d((x, size, stride, pad) => tf.avgPool3d(x, size, stride, pad as number)),
  AvgPoolGrad: pool((x, size, stride, pad) => tf.avgPool(x, size, stride, pad)),
  BatchMatMul: kernel([...products, { inputs: [I([3, 4]), I([4, 5])], run: tf.matMul }], 2e-6, 1),
  Conv2D: kernel(convolutions, SUMS, 5),
  Conv2DBackpropFilter: kernel(convolutions, SUMS, 5),
  Conv2DBackpropInput: kernel(
    [
      ...convolutions,
      {
        inputs: [F([2, 3, 3, 4]), F([3, 3, 2, 4])],
        run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2dTranspose(x, w, [2, 6, 6, 2], 2, 'same'),
        gradient: true,
      },
    ],
    SUMS,
    5,
  ),
  Conv3D: kernel(convolutions3d, SUMS, 5),
  Conv3DBackpropFilterV2: kernel(convolutions3d, SUMS, 5),
  Conv3DBackpropInputV2: kernel(convolutions3d, SUMS, 5),
  CropAndResize: kernel(
    (['bilinear', 'nearest'] as const).map((method) => ({
      inputs: [
        F([2, 6, 5, 3]),
        V([0, 0, 1, 1, 0.2, 0.1, 0.7, 0.9, 0.5, 0.5, 1.5, 0.2], [3, 4]),
        V([0, 1, 0], [3], 'int32'),
      ],
      run: (x: tf.Tensor4D, boxes: tf.Tensor2D, at: tf.Tensor1D) =>
        tf.image.cropAndResize(x, boxes, at, [4, 3], method, 0.25),
    })),
    SUMS,
    1,
  ),
  DepthwiseConv2dNative: kernel(depthwise, SUMS, 5),
  DepthwiseConv2dNativeBackpropFilter: kernel(depthwise, SUMS, 5),
  DepthwiseConv2dNativeBackpropInput: kernel(depthwise, SUMS, 5),
  Dilation2D: kernel(dilations, SUMS, 1),
  Dilation2DBackpropFilter: kernel(dilations, SUMS, 1),
  Dilation2DBackpropInput: kernel(dilations, SUMS, 1),
  Einsum: kernel(
    [
      { inputs: [F([3, 4]), F([4, 5])], run: (a, b) => tf.einsum('ij,jk->ik', a, b) },
      { inputs: [F([2, 3, 4]), F([2, 5, 4])], run: (a, b) => tf.einsum('bij,bkj->bik', a, b) },
      { inputs: [F([3, 4])], run: (a) => tf.einsum('ij->ji', a) },
      { inputs: [F([4]), F([5])], run: (a, b) => tf.einsum('i,j->ij', a, b) },
    ],
    SUMS,
    5,
  ),
  FlipLeftRight: kernel([{ inputs: [F([2, 3, 4, 3])], run: tf.image.flipLeftRight }]),
  FusedBatchNorm: kernel(
    [
      ...[
        [2, 3, 4, 5],
        [40, 5],
      ].flatMap((shape): OpCase[] => [
        {
          inputs: [F(shape), F([5]), P([5]), F([5]), F([5])],
          run: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 0.001),
          gradient: true,
        },
        { inputs: [F(shape), F([5]), P([5])], run: (x, mean, variance) => tf.batchNorm(x, mean, variance) },
      ]),
      {
        // The form of layerNormalization in tfjs-layers: statistics of the shape of x.
        inputs: [F([2, 3, 4]), F([2, 3, 4]), P([2, 3, 4]), F([2, 3, 4]), F([2, 3, 4])],
        run: (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale, 0.001),
      },
    ],
    SUMS,
    1,
  ),
  FusedConv2D: kernel(
    [true, false].flatMap((training) =>
      ACTIVATIONS.slice(0, training ? 2 : undefined).map((activation) => ({
        inputs: [F([2, 5, 5, 3]), F([3, 3, 3, 4]), F([4])],
        run: (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D) =>
          tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation, leakyreluAlpha: 0.3 }),
        gradient: training,
      })),
    ),
    SUMS,
    5,
  ),
  FusedDepthwiseConv2D: kernel(
    ACTIVATIONS.map((activation) => ({
      inputs: [F([2, 5, 5, 3]), F([3, 3, 3, 1]), F([3])],
      run: (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D) =>
        tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', bias, activation, leakyreluAlpha: 0.3 }),
    })),
    SUMS,
    5,
  ),
  LRN: kernel(
    [{ inputs: [F([2, 3, 4, 7])], run: (x) => tf.localResponseNormalization(x, 2, 1, 0.5, 0.75), gradient: true }],
    SUMS,
    1,
  ),
  LRNGrad: kernel(
    [{ inputs: [F([2, 3, 4, 7])], run: (x) => tf.localResponseNormalization(x, 2, 1, 0.5, 0.75), gradient: true }],
    SUMS,
    1,
  ),
  MaxPool: pool((x, size, stride, pad) => tf.maxPool(x, size, stride, pad)),
  MaxPool3D: pool3d((x, size, stride, pad) => tf.maxPool3d(x, size, stride, pad as number)),
  MaxPool3DGrad: pool3d((x, size, stride, pad) => tf.maxPool3d(x, size, stride, pad as number)),
  MaxPoolGrad: pool((x, size, stride, pad) => tf.maxPool(x, size, stride, pad)),
  MaxPoolWithArgmax: kernel(
    WINDOWS.map(([size, stride, pad]) => ({
      inputs: [F([2, 5, 6, 3])],
      run: (x: tf.Tensor4D) => values(tf.maxPoolWithArgmax(x, size, stride, pad)),
    })),
  ),
  NonMaxSuppressionV3: kernel([
    { inputs: [BOXES, SCORES], run: (b, s) => tf.image.nonMaxSuppression(b, s, 3, 0.5, 0) },
  ]),
  NonMaxSuppressionV4: kernel([
    { inputs: [BOXES, SCORES], run: (b, s) => values(tf.image.nonMaxSuppressionPadded(b, s, 5, 0.5, 0, true)) },
  ]),
  NonMaxSuppressionV5: kernel([
    { inputs: [BOXES, SCORES], run: (b, s) => values(tf.image.nonMaxSuppressionWithScore(b, s, 6, 1, 0, 0.5)) },
  ]),
  ResizeBilinear: resize(tf.image.resizeBilinear),
  ResizeBilinearGrad: resize(tf.image.resizeBilinear),
  ResizeNearestNeighbor: resize(tf.image.resizeNearestNeighbor),
  ResizeNearestNeighborGrad: resize(tf.image.resizeNearestNeighbor),
  RotateWithOffset: kernel([
    { inputs: [F([2, 5, 6, 3])], run: (x) => tf.image.rotateWithOffset(x, 0.7, 0.5, [0.4, 0.6]) },
  ]),
  Transform: kernel(
    (['nearest', 'bilinear'] as const).flatMap((interpolation) =>
      (['constant', 'reflect', 'wrap', 'nearest'] as const).map((fill) => ({
        inputs: [F([2, 5, 6, 3]), V([1, 0.1, 0.5, -0.2, 0.9, 1, 0.01, 0.02], [1, 8])],
        run: (x: tf.Tensor4D, t: tf.Tensor2D) => tf.image.transform(x, t, interpolation, fill, 0.5, [4, 7]),
      })),
    ),
    SUMS,
    1,
  ),
  _FusedMatMul: kernel(
    [
      ...ACTIVATIONS.map((activation) => ({
        inputs: [F([5, 7]), F([7, 9]), F([9])],
        run: (a: tf.Tensor2D, b: tf.Tensor2D, bias: tf.Tensor1D) =>
          tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.3 }),
        gradient: activation === 'linear' || activation === 'relu',
      })),
      ...[true, false].map((transposeB) => ({
        inputs: [F([6, 300]), F(transposeB ? [50, 300] : [300, 50])],
        run: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.fused.matMul({ a, b, transposeB, activation: 'sigmoid' as const }),
      })),
      {
        inputs: [F([5, 7]), F([7, 9]), F([9]), U([9])],
        run: (a: tf.Tensor2D, b: tf.Tensor2D, bias: tf.Tensor1D, alpha: tf.Tensor1D) =>
          tf.fused.matMul({ a, b, bias, activation: 'prelu', preluActivationWeights: alpha }),
      },
      {
        inputs: [F([2, 5, 7]), F([2, 7, 9]), F([9])],
        run: (a: tf.Tensor3D, b: tf.Tensor3D, bias: tf.Tensor1D) => tf.fused.matMul({ a, b, bias, activation: 'relu' }),
      },
    ],
    2e-6,
    10,
  ),
};
