import * as tf from '@tensorflow/tfjs-core';
import type { TokenEncoder } from '../model.ts';
import { modelIncremental } from '../registry.ts';
import type { IncrementalCapabilities } from './scorer.ts';

/** What decides on the bits of rows; found by shape, so that no backend need be loaded for it. */
interface RowsBackend {
  /** Of `simd`: least side of the products that a native library makes. */
  readonly libraryFrom?: number;
  /** Of `webgpu`. */
  readonly precision?: 'f32' | 'f16';
}

/** Backends whose rows have the same bits whatever they are computed together with, but for a native library. */
const BITWISE: readonly string[] = ['simd', 'cpu', 'wasm'];
/** Elsewhere the length of a batch decides how a product adds. */
const TOLERANCE = 1e-5;
/** Operands that the one pass rounds to float16, by up to 2^-11, the other may keep in float32, in every layer. */
const HALF_TOLERANCE = 1e-2;

/** Whether the state of a model can grow by events, and how exactly on the backend at hand. */
export function incrementalOf(model: TokenEncoder): IncrementalCapabilities {
  const exact = exactness();
  const reason = refusal(model);
  return reason === undefined ? { append: true, exact } : { append: false, reason, exact };
}

function exactness(): IncrementalCapabilities['exact'] {
  const { libraryFrom = Number.POSITIVE_INFINITY, precision } = tf.backend() as RowsBackend;
  if (precision === 'f16') return HALF_TOLERANCE;
  return BITWISE.includes(tf.getBackend()) && libraryFrom === Number.POSITIVE_INFINITY ? 'bitwise' : TOLERANCE;
}

function refusal(model: TokenEncoder): string | undefined {
  const { kind } = model;
  const known = modelIncremental(model.config);
  if (known?.refusal !== undefined) return known.refusal;
  if (model.extend === undefined || known === undefined) {
    return `'${kind}' does not say that its state can grow by events; use recommend, which reads the whole history`;
  }
  if (model.columns !== undefined || model.features !== undefined) {
    return `'${kind}' reads further columns of the events here (features), which are not kept with a history; use recommend`;
  }
  return undefined;
}
