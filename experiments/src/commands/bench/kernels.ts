import { integerOption } from '../../arguments.ts';
import { BACKEND, type Bench, isAsked, LIBRARY } from './request.ts';

/** Products. */
export const gemm: Bench = {
  reads: [...BACKEND, ...LIBRARY, 'rounds', 'peer'],
  run: async ({ options, rounds, show }) => {
    const { benchGemm, listGemmBench } = await import('../../measure/bench/gemm.ts');
    const peer = isAsked('openblas', options.peer);
    return show(await benchGemm({ backend: options, rounds: rounds ?? 7, peer }), listGemmBench);
  },
};

/** Attention over lengths and head widths. */
export const attention: Bench = {
  reads: [...BACKEND, 'rounds', 'peer', 'length', 'width', 'memory'],
  memoryReads: [...BACKEND, 'memory'],
  run: async ({ options, rounds, show }) => {
    const attention = await import('../../measure/bench/attention.ts');
    if (options.memory)
      return show(
        await attention.attentionMemory({ backend: options }),
        attention.listAttentionMemory,
        'bench attention --memory',
      );
    const peer = isAsked('best', options.peer);
    const only = (name: 'length' | 'width'): number[] | undefined => {
      const value = integerOption(name, options[name]);
      return value === undefined ? undefined : [value];
    };
    const selection = { lengths: only('length'), widths: only('width') };
    const request = { backend: options, rounds: rounds ?? 5, peer, quiet: options.quiet ?? false, ...selection };
    return show(await attention.benchAttention(request), attention.listAttentionBench);
  },
};

/** Softmax over all items. */
export const softmax: Bench = {
  reads: [...BACKEND, ...LIBRARY, 'rounds', 'peer', 'tokens', 'items', 'width'],
  run: async ({ options, rounds, show }) => {
    const { BEAUTY, benchSoftmax, listSoftmaxBench } = await import('../../measure/bench/softmax.ts');
    const size = {
      tokens: integerOption('tokens', options.tokens) ?? BEAUTY.tokens,
      items: integerOption('items', options.items) ?? BEAUTY.items,
      width: integerOption('width', options.width) ?? BEAUTY.width,
    };
    const peer = isAsked('best', options.peer);
    return show(await benchSoftmax({ backend: options, rounds: rounds ?? 5, peer, size }), listSoftmaxBench);
  },
};

/** Kernels of a device. */
export const gpu: Bench = {
  reads: [...BACKEND, 'rounds', 'peer', 'length', 'width', 'tokens', 'memory'],
  memoryReads: [...BACKEND, 'length', 'width', 'memory'],
  run: async ({ options, rounds, show }) => {
    const gpu = await import('../../measure/bench/gpu.ts');
    const length = integerOption('length', options.length);
    const width = integerOption('width', options.width);
    if (options.memory) {
      const request = { backend: options, length: length ?? 16_384, width: width ?? 64 };
      return show(await gpu.gpuMemory(request), gpu.listGpuMemory, 'bench gpu --memory');
    }
    const request = {
      backend: options,
      rounds: rounds ?? 5,
      peer: isAsked('best', options.peer),
      quiet: options.quiet ?? false,
      lengths: length === undefined ? undefined : [length],
      widths: width === undefined ? undefined : [width],
      tokens: integerOption('tokens', options.tokens),
    };
    return show(await gpu.benchGpu(request), gpu.listGpuBench);
  },
};

/** Kernels of simd against those of the stock backends. */
export const stock: Bench = {
  reads: ['threads', 'rounds'],
  run: async ({ options, rounds, show }) => {
    const { benchStock, listStockBench } = await import('../../measure/bench/stock.ts');
    return show(
      await benchStock({ backend: options, rounds: rounds ?? 5, quiet: options.quiet ?? false }),
      listStockBench,
    );
  },
};
