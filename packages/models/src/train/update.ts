import { AdamW, RowwiseAdamW } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../model.ts';
import type { StepGradients } from './gradients.ts';
import type { ResolvedOptions } from './options.ts';

/**
 * The second half of a step: gradients in, weights changed. Clip, learning rate of the step, apply.
 */
export class Update {
  /** Of all weights but the tables that are trained by rows. */
  readonly optimizer: AdamW;
  /** By name among the weights. */
  readonly rows: ReadonlyMap<string, RowwiseAdamW>;

  constructor(model: Model, options: ResolvedOptions, rowwise: readonly string[]) {
    this.optimizer = new AdamW(options);
    const tables = model.tables();
    this.rows = new Map(rowwise.map((name) => [name, new RowwiseAdamW(tables.get(name)!.variable, options)]));
  }

  async apply({ dense, rows }: StepGradients): Promise<void> {
    tf.tidy(() => this.optimizer.applyGradients(dense));
    for (const optimizer of this.rows.values()) {
      const own = rows.get(optimizer.table.name);
      if (own !== undefined) await optimizer.step(own.ids, own.grad);
    }
  }

  /** Frees the moments. */
  dispose(): void {
    this.optimizer.dispose();
    for (const optimizer of this.rows.values()) optimizer.dispose();
  }
}
