import * as tf from '@tensorflow/tfjs-core';
import { isComposed } from './composed/kernel.ts';
import * as contract from './kernel-names.ts';
import { isWgsl } from './webgpu/kernels/registry.ts';

/**
 * How a backend runs a kernel: `fused`, one kernel of ours; `composed`, ours from tfjs ops or on the host; `stock`, the
 * kernel of tfjs; `missing`, running it throws.
 */
export type KernelSource = 'fused' | 'composed' | 'stock' | 'missing';

export interface KernelRow {
  readonly kernel: string;
  readonly backends: Readonly<Record<string, KernelSource>>;
}

/** Names of the fused-kernel contract, sorted. */
export const fusedKernelNames: readonly string[] = Object.values(contract)
  .filter((x) => typeof x === 'string')
  .sort();

/** Stock kernels without which nothing trains. */
export const stockKernelNames: readonly string[] = [
  'BatchMatMul',
  'GatherV2',
  'UnsortedSegmentSum',
  'Add',
  'Multiply',
  'Sum',
  'Transpose',
  'Softmax',
];

/** The kernel registry as a table; `backends` defaults to those that tfjs knows in this process. */
export function explainKernels(backends: readonly string[] = knownBackends()): KernelRow[] {
  return [...fusedKernelNames, ...stockKernelNames].map((kernel) => ({
    kernel,
    backends: Object.fromEntries(backends.map((backend) => [backend, sourceOf(kernel, backend)])),
  }));
}

function knownBackends(): string[] {
  const candidates = ['simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'];
  return candidates.filter((name) => tf.findBackendFactory(name) != null);
}

function sourceOf(kernel: string, backend: string): KernelSource {
  const registered = tf.getKernel(kernel, backend);
  if (registered === undefined) return 'missing';
  if (isComposed(registered.kernelFunc)) return 'composed';
  if (fusedKernelNames.includes(kernel) || isWgsl(registered.kernelFunc)) return 'fused';
  // Our backend starts as a copy of 'cpu'; what differs from the copy is ours.
  const replaced = backend === 'simd' && registered.kernelFunc !== tf.getKernel(kernel, 'cpu')?.kernelFunc;
  return replaced ? 'fused' : 'stock';
}

/** {@link explainKernels} as aligned text. */
export function formatKernelTable(rows: readonly KernelRow[]): string {
  const backends = Object.keys(rows[0]?.backends ?? {});
  const lines = [['kernel', ...backends], ...rows.map((row) => [row.kernel, ...backends.map((b) => row.backends[b])])];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, c) => cell.padEnd(widths[c]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
