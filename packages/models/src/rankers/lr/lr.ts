import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { type FieldTables, fieldTables, sumOfFields } from '../../features/field-tables.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { Ranker } from '../../model.ts';
import type { RankerOptions } from '../ranker.ts';
import { createRanker, type NetOptions, type RankerNet } from '../row-model.ts';
import type { LrConfig } from './config.ts';

/** The bias of each label, `[L]`, zero at the start. */
class LabelBias extends StreamLayer {
  static className = 'SeqrecLabelBias';
  readonly labels: number;

  constructor(args: LayerArgs & { readonly labels: number }) {
    super(args);
    this.labels = args.labels;
  }

  protected weightSpecs(): WeightSpec[] {
    return [{ name: 'bias', shape: [this.labels], initialization: { kind: 'zeros' } }];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), labels: this.labels };
  }
}
tf.serialization.registerClass(LabelBias);

/** The linear terms of logistic regression: weights of the values of each field, and a bias. */
export interface LinearTerms {
  readonly tables: FieldTables;
  readonly bias: StreamLayer;
  /** `b + sum_f w_f[v_f]`, `[B, L]`. */
  terms(columns: readonly EncodedColumn[]): tf.Tensor2D;
}

/** The tables of linear terms: a weight a label. Of a list the weights are summed, not averaged. */
export function linearTables(
  { embeddingStd: standardDeviation, tables: scheme }: Pick<LrConfig, 'embeddingStd' | 'tables'>,
  { fields, labels: width, seed, stores }: NetOptions,
): FieldTables {
  // Weights of labels are no vector that could be cut into chunks.
  const whole = scheme?.kind === 'unified' ? { ...scheme, chunks: 1 } : scheme;
  const shared = { fields, width, standardDeviation, scheme: whole, seed, stores };
  return fieldTables({ ...shared, pooling: 'sum', stream: 'linear' });
}

export function linearTerms(config: Pick<LrConfig, 'embeddingStd' | 'tables'>, options: NetOptions): LinearTerms {
  const { labels, seed } = options;
  const tables = linearTables(config, options);
  const bias = new LabelBias({ labels, seed, stream: 'linear' });
  return {
    tables,
    bias,
    terms: (columns) => tf.tidy(() => tf.add(sumOfFields(tables.vectors(columns)), bias.weight('bias')) as tf.Tensor2D),
  };
}

/** The net of {@link createLr}. */
export function lrNet(config: LrConfig, options: NetOptions): RankerNet {
  const linear = linearTerms(config, options);
  return { tables: [linear.tables], net: [linear.bias], logits: linear.terms };
}

/**
 * Logistic regression: `logit = b + sum_f w_f[v_f]`. See the README of this folder.
 *
 * @throws ConfigError when there is no field or the fitted features are not those of the configuration.
 */
export function createLr(config: LrConfig, options: RankerOptions): Ranker {
  return createRanker(config, options, lrNet);
}
