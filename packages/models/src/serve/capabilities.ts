import * as tf from '@tensorflow/tfjs-core';
import type { TokenEncoder } from '../model.ts';
import { modelIncremental } from '../registry.ts';
import type { IncrementalCapabilities } from './scorer.ts';

/** Backends whose rows have the same bits whatever they are computed together with. */
const BITWISE: readonly string[] = ['simd', 'cpu', 'wasm'];
/** Elsewhere the length of a batch decides how a product adds. */
const TOLERANCE = 1e-5;

/** Whether the state of a model can grow by events, and how exactly on the backend at hand. */
export function incrementalOf(model: TokenEncoder): IncrementalCapabilities {
  const exact = BITWISE.includes(tf.getBackend()) ? 'bitwise' : TOLERANCE;
  const reason = refusal(model);
  return reason === undefined ? { append: true, exact } : { append: false, reason, exact };
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
