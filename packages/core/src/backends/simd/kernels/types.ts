import type { TensorInfo } from '@tensorflow/tfjs-core';

/** What TensorFlow.js hands to a kernel. */
export type Inputs = Record<string, TensorInfo>;
export type Attributes = Record<string, unknown>;
