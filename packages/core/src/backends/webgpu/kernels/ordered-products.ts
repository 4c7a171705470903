import {
  _FusedMatMul,
  BatchMatMul,
  env,
  getKernel,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

/** Small tiles: one workgroup sums all terms of its results. Number of the stock backend's MatMulProgramType. */
const SMALL_TILES = 2;
const PROGRAM = 'WEBGPU_MATMUL_PROGRAM_TYPE';
/** From so many terms on the stock product may cut a sum into slices and add those by float atomics, in any order. */
const LONG = 2000;

/**
 * Keeps the stock products from adding slices of long sums (weight gradients) by float atomics, so that the same
 * operands give the same bits; such a product takes small tiles instead.
 */
export function registerOrderedProducts(name: string): void {
  for (const kernelName of [BatchMatMul, _FusedMatMul]) {
    const stock = getKernel(kernelName, name);
    if (stock == null) continue;
    const kernelFunc: KernelFunc = (call) => {
      const before = env().getNumber(PROGRAM);
      if (before >= 0 || !mayBeCut(call.inputs.a as TensorInfo, Boolean(call.attrs?.transposeA))) {
        return stock.kernelFunc(call);
      }
      env().set(PROGRAM, SMALL_TILES);
      try {
        return stock.kernelFunc(call);
      } finally {
        env().set(PROGRAM, before);
      }
    };
    unregisterKernel(kernelName, name);
    registerKernel({ ...stock, kernelFunc });
  }
}

function mayBeCut({ shape }: TensorInfo, transposed: boolean): boolean {
  return shape[shape.length - (transposed ? 2 : 1)] >= LONG;
}
