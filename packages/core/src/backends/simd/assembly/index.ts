// The module's surface: one table of kernels and the loop by which a thread takes tasks.
import { setScratch as setThreadScratch } from './env';
import { findConstants, writeConstants } from './math';
import { WIDE_FLAG, setWide } from './micro-wide';
import { adamw } from './adamw';
import { rowwiseAdamw } from './rowwise-adamw';
import { binaryFlat, binaryRows, unary } from './elementwise';
import { gemm, packB } from './gemm';
import { attentionQueryGrad, hstuBackward, softmaxBackward } from './attention-grad';
import { bucketRows } from './attention-buckets';
import { recurrentBackward, recurrentForward } from './gated-recurrence';
import { hstuForward } from './hstu-attention';
import { gatedNormLinear, gatedNormLinearGrad } from './gated-norm-linear';
import { gatedNorm, gatedNormGrad, siluSplit, siluSplitGrad } from './hstu-layer';
import { linearLayer, linearLayerGrad } from './linear-layer';
import { clip, compare, logical, select, toFloat } from './logic';
import { normSiluSplit, normSiluSplitGrad } from './norm-silu-split';
import { batchNorm, l2Normalize, l2NormalizeGrad, layerNorm, layerNormGrad } from './norm';
import { dropout, keptDropout } from './dropout';
import { embedTokens } from './embed-tokens';
import { uniformIntegers } from './random';
import { mergeTopItems, prepareRanking, rankCounts, topItems } from './ranking';
import { reduceFirst, reduceLast, softmaxRows, sumParts } from './reduce';
import { copyRows, countSegments, fill, gather, padRows, placeSegments, scatterSegments, stridedCopy, sumSegments } from './rows';
import { sampledSoftmax, sampledSoftmaxGrad, sampledSoftmaxItems } from './sampled-softmax';
import { softmaxForward } from './causal-attention';

export function setScratch(address: usize): void {
  setThreadScratch(address);
  findConstants();
  setWide(load<i32>(WIDE_FLAG) != 0);
}

/** Prepares the shared memory; the main thread calls it once, before any thread calls `setScratch`. */
export function setup(wide: bool): void {
  writeConstants();
  store<i32>(WIDE_FLAG, wide);
}

// The numbers are the contract with `kernels.ts` beside the backend.
function dispatch(kernel: i32, args: usize, task: i32): void {
  switch (kernel) {
    case 0: packB(args, task); break;
    case 1: gemm(args, task); break;
    case 2: unary(args, task); break;
    case 3: binaryFlat(args, task); break;
    case 4: binaryRows(args, task); break;
    case 5: reduceLast(args, task); break;
    case 6: reduceFirst(args, task); break;
    case 7: layerNorm(args, task); break;
    case 8: layerNormGrad(args, task); break;
    case 9: l2Normalize(args, task); break;
    case 10: l2NormalizeGrad(args, task); break;
    case 11: dropout(args, task); break;
    case 12: uniformIntegers(args, task); break;
    case 13: adamw(args, task); break;
    case 14: copyRows(args, task); break;
    case 15: gather(args, task); break;
    case 16: countSegments(args, task); break;
    case 17: placeSegments(args, task); break;
    case 18: scatterSegments(args, task); break;
    case 19: sumSegments(args, task); break;
    case 20: fill(args, task); break;
    case 21: hstuForward(args, task); break;
    case 22: hstuBackward(args, task); break;
    case 23: softmaxForward(args, task); break;
    case 24: softmaxBackward(args, task); break;
    case 50: attentionQueryGrad(args, task); break;
    case 51: recurrentForward(args, task); break;
    case 52: recurrentBackward(args, task); break;
    case 25: sampledSoftmax(args, task); break;
    case 26: sampledSoftmaxGrad(args, task); break;
    case 27: stridedCopy(args, task); break;
    case 28: softmaxRows(args, task); break;
    case 29: padRows(args, task); break;
    case 30: bucketRows(args, task); break;
    case 31: siluSplit(args, task); break;
    case 32: siluSplitGrad(args, task); break;
    case 33: gatedNorm(args, task); break;
    case 34: gatedNormGrad(args, task); break;
    case 35: rowwiseAdamw(args, task); break;
    case 36: prepareRanking(args, task); break;
    case 37: rankCounts(args, task); break;
    case 38: topItems(args, task); break;
    case 39: mergeTopItems(args, task); break;
    case 40: sampledSoftmaxItems(args, task); break;
    case 41: sumParts(args, task); break;
    case 42: logical(args, task); break;
    case 43: select(args, task); break;
    case 44: clip(args, task); break;
    case 45: toFloat(args, task); break;
    case 46: batchNorm(args, task); break;
    case 47: compare(args, task); break;
    case 48: normSiluSplit(args, task); break;
    case 49: normSiluSplitGrad(args, task); break;
    case 53: gatedNormLinear(args, task); break;
    case 54: gatedNormLinearGrad(args, task); break;
    case 55: linearLayer(args, task); break;
    case 56: linearLayerGrad(args, task); break;
    case 57: keptDropout(args, task); break;
    case 58: embedTokens(args, task); break;
    default: unreachable();
  }
}

/**
 * Control block: 64-bit state at +0 (high half: job number, low half: tasks left to take), tasks finished at +8,
 * kernel at +12, a word that grows with every job at +16, threads that sleep on it at +20, tasks that trapped at +24, a word that ends the threads at +28, argument
 * block at +64. A thread takes a task by lowering the low half; the job number in the same word
 * makes a late thread's attempt on a finished job fail, so nobody waits for threads that are asleep.
 */
export function start(control: usize, kernel: i32, job: u32, tasks: u32): void {
  store<i32>(control, kernel, 12);
  atomic.store<i32>(control + 8, 0);
  atomic.store<u64>(control, (<u64>job << 32) | <u64>tasks);
  atomic.add<i32>(control + 16, 1);
  if (atomic.load<i32>(control + 20) > 0) atomic.notify(control + 16, -1);
}

/** Waits, busily, until all tasks of the job have finished or trapped; false after `turns` looks. */
export function finished(control: usize, tasks: i32, turns: i32): bool {
  while (atomic.load<i32>(control + 8) + atomic.load<i32>(control + 24) < tasks) {
    if (--turns < 0) return false;
  }
  return true;
}

/** Takes tasks while there are any. */
export function work(control: usize): void {
  for (;;) {
    const state = atomic.load<u64>(control);
    const left = <u32>state;
    if (left == 0) return;
    if (atomic.cmpxchg<u64>(control, state, state - 1) != state) continue;
    // The job cannot end before this task is counted as finished, so its arguments stay in place.
    dispatch(load<i32>(control, 12), control + 64, <i32>(left - 1));
    atomic.add<i32>(control + 8, 1);
  }
}

/** Runs every task on the calling thread, in the same order as `work` hands them out. */
export function runSerial(kernel: i32, args: usize, tasks: i32): void {
  for (let task = tasks - 1; task >= 0; task--) dispatch(kernel, args, task);
}
