import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  AdamWStep,
  type AdamWStepAttrs,
  AssignRows,
  type AssignRowsAttrs,
  RowwiseAdamWStep,
  type RowwiseAdamWStepAttrs,
} from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { alias, CHUNK, override, rowsPerTask, sizeOf } from './support.ts';

/**
 * The tensor to write: the input's own values, in place, unless something else holds them too (a clone of the variable
 * must not change with the step).
 */
function writable(backend: SimdBackend, x: TensorInfo): TensorInfo {
  if (backend.refCount(x.dataId) <= 1) {
    backend.overwritten(x);
    return alias(backend, x, x.shape);
  }
  const from = backend.address(x);
  const copy = backend.output(x.shape);
  backend.pool.run(KERNEL.copyBytes, 1, { FROM: from, TO: copy.address, BYTES: sizeOf(x) * 4 });
  return copy.info;
}

/** With more blocks to copy, it costs less to wait for the jobs under way than to hand each block over. */
const FEW_BLOCKS = 8;

/** Runs of `at` whose numbers follow each other: rows `first ..` go to the rows from `begin`. */
function adjacentRows(at: Int32Array): { first: number; begin: number; count: number }[] {
  const blocks: { first: number; begin: number; count: number }[] = [];
  for (const [i, row] of at.entries()) {
    const last = blocks.at(-1);
    if (last !== undefined && row === last.begin + last.count) last.count++;
    else blocks.push({ first: i, begin: row, count: 1 });
  }
  return blocks;
}

export function registerAdamW(name: string): void {
  override(name, AdamWStep, ({ param, m, v, grad }, backend, attrs) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs as unknown as AdamWStepAttrs;
    const n = sizeOf(param);
    const outputs = [param, m, v].map((x) => writable(backend, x));
    const [pw, pm, pv, pg] = [...outputs, grad].map((x) => backend.address(x));
    backend.pool.run(KERNEL.adamw, Math.ceil(n / CHUNK), {
      PARAM: pw,
      M: pm,
      V: pv,
      GRAD: pg,
      N: n,
      PER_TASK: CHUNK,
      DECAY: float(learningRate * weightDecay),
      BETA1: float(beta1),
      BETA1_REST: float(1 - beta1),
      BETA2: float(beta2),
      BETA2_REST: float(1 - beta2),
      RATE: float(learningRate / (1 - beta1 ** step)),
      CORRECTION: float(1 / Math.sqrt(1 - beta2 ** step)),
      EPSILON: float(epsilon),
    });
    return outputs;
  });

  override(name, RowwiseAdamWStep, ({ param, ids, m, v, grad, rates, corrections }, backend, attrs) => {
    const { beta1, beta2, epsilon, decay, whole } = attrs as unknown as RowwiseAdamWStepAttrs;
    const [rows, d] = grad.shape;
    const outputs = [param, m, v].map((x) => writable(backend, x));
    const [pw, pm, pv] = outputs.map((x) => backend.address(x));
    const [pi, pg, pr, pc] = [ids, grad, rates, corrections].map((x) => backend.address(x));
    const perTask = rowsPerTask(d);
    backend.pool.run(KERNEL.rowwiseAdamw, Math.ceil(rows / perTask), {
      PARAM: pw,
      IDS: pi,
      M: pm,
      V: pv,
      GRAD: pg,
      RATES: pr,
      CORRECTIONS: pc,
      ROWS: rows,
      D: d,
      PER_TASK: perTask,
      BETA1: float(beta1),
      BETA1_REST: float(1 - beta1),
      BETA2: float(beta2),
      BETA2_REST: float((1 - beta2) / d),
      EPSILON: float(epsilon),
      DECAY: float(decay),
      WHOLE: whole ? 1 : 0,
    });
    return outputs;
  });

  override(name, AssignRows, ({ x, rows }, backend, attrs) => {
    const { at } = attrs as unknown as AssignRowsAttrs;
    const output = writable(backend, x);
    const [to, from] = [output, rows].map((info) => backend.address(info));
    const bytes = x.shape[1] * 4;
    const blocks = typeof at === 'number' ? [{ first: 0, begin: at, count: rows.shape[0] }] : adjacentRows(at);
    if (blocks.length > FEW_BLOCKS) backend.wait();
    for (const { first, begin, count } of blocks) {
      const values = { FROM: from + first * bytes, TO: to + begin * bytes, BYTES: count * bytes };
      backend.pool.run(KERNEL.copyBytes, 1, values);
    }
    return output;
  });
}
