import * as tf from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { images } from './images.ts';
import type { KernelCases } from './op-case.ts';
import { others } from './others.ts';
import { composedGradients, reductions } from './reductions.ts';
import { shapes } from './shapes.ts';

/** Cases of every kernel of TensorFlow.js, by name. */
export const opList: Readonly<Record<string, KernelCases>> = {
  ...elementwise,
  ...reductions,
  ...shapes,
  ...images,
  ...others,
};

/** Kernels without cases, and why. */
export const withoutCases: Readonly<Record<string, string>> = {
  Draw: 'draws on a canvas of a browser',
};

/** Gradients without cases, and why. */
export const gradientsWithoutCases: Readonly<Record<string, string>> = {
  ComplexAbs: 'its input is complex, and tf.complex has no gradient',
  BroadcastTo: 'tf.broadcastTo runs Tile, so that no op records it',
};

/** Names of all gradients that TensorFlow.js registers. */
export function gradientNames(): string[] {
  const names = Object.values(tf).filter((value) => typeof value === 'string') as string[];
  return names.filter((name) => tf.getGradient(name) !== undefined).toSorted();
}

/** Cases whose gradients are compared: of the kernel itself, or of the op that is made of others. */
export function gradientCases(name: string): KernelCases | undefined {
  const entry = opList[name] ?? composedGradients[name];
  return entry?.cases.some(({ gradient }) => gradient) ? entry : undefined;
}
