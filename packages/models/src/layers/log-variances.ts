import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from './layer.ts';

export interface LogVariancesArgs extends LayerArgs {
  readonly labels: number;
}

/**
 * `s = ln sigma^2` of the losses of several labels, `[L]`, zero at first.
 *
 * Source: Kendall, Gal and Cipolla 2018 (arXiv:1705.07115), equation 7; `s` in the place of `sigma` as in their code.
 */
export class LogVariances extends StreamLayer {
  static className = 'SeqrecLogVariances';
  readonly args: LogVariancesArgs;

  constructor(args: LogVariancesArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    return [{ name: 'logVariances', shape: [this.args.labels], initialization: { kind: 'zeros' } }];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), labels: this.args.labels };
  }
}
tf.serialization.registerClass(LogVariances);
