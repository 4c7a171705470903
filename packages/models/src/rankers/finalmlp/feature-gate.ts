import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.ts';
import type { FieldShape } from '../../features/field-table.ts';
import { type FieldTables, type FieldTablesOptions, fieldTables } from '../../features/field-tables.ts';
import { rowsOfColumn } from '../../features/rows-of-column.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { type LayerArgs, type Run, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import type { NetOptions } from '../row-model.ts';

/**
 * What a gate reads where it has no fields: one learned vector, `[1, d]`, normal as the tables are. From zero, as
 * FuxiCTR has it, it would stay there: so would all that the hidden layers make of it, and ReLU has no slope at zero.
 */
class LearnedContext extends StreamLayer {
  static className = 'SeqrecLearnedContext';
  readonly width: number;
  readonly standardDeviation: number;

  constructor(args: LayerArgs & { readonly width: number; readonly standardDeviation: number }) {
    super(args);
    this.width = args.width;
    this.standardDeviation = args.standardDeviation;
  }

  protected weightSpecs(): WeightSpec[] {
    const { standardDeviation } = this;
    return [{ name: 'context', shape: [1, this.width], initialization: { kind: 'normal', standardDeviation } }];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), width: this.width, standardDeviation: this.standardDeviation };
  }
}
tf.serialization.registerClass(LearnedContext);

export interface FeatureGateOptions extends Pick<NetOptions, 'fields' | 'seed' | 'stores'> {
  /** Names of the fields that it reads; none: a learned vector. */
  readonly context: readonly string[];
  /** Key of `context` in the configuration, for messages. */
  readonly key: string;
  readonly width: number;
  readonly standardDeviation: number;
  readonly scheme: FieldTablesOptions['scheme'];
  readonly hiddenSizes: readonly number[];
  readonly stream: string;
}

/** Gates of all numbers of `x_0`, from some fields. */
export interface FeatureGate {
  /** Tables of the context, its own; absent without fields. */
  readonly tables?: FieldTables;
  readonly learned?: StreamLayer;
  readonly layers: HiddenLayers;
  /** `2 sigmoid(MLP(context))`, `[B, F d]`. */
  gates(columns: readonly EncodedColumn[], run: Run): tf.Tensor2D;
}

/**
 * @throws ConfigError for a name that is no field.
 *
 * Source: Mao et al. 2023 (arXiv:2304.00902), equations 3 and 4; FuxiCTR's `FeatureSelection`.
 */
export function featureGate(options: FeatureGateOptions): FeatureGate {
  const { fields, context, key, width, standardDeviation, hiddenSizes, scheme, seed, stream, stores } = options;
  const chosen = context.map((name) => placeOf(fields, name, key));
  const tables =
    chosen.length === 0
      ? undefined
      : fieldTables({
          fields: chosen.map((f) => fields[f]),
          width,
          standardDeviation,
          scheme,
          seed,
          stream: `${stream}.fields`,
          stores,
        });
  const learned = tables === undefined ? new LearnedContext({ width, standardDeviation, seed, stream }) : undefined;
  const layers = new HiddenLayers({
    inputDim: width * Math.max(1, chosen.length),
    hiddenSizes,
    outputDim: fields.length * width,
    dropout: 0,
    seed,
    stream: `${stream}.gate`,
  });
  return {
    ...(tables && { tables }),
    ...(learned && { learned }),
    layers,
    gates: (columns, run) =>
      tf.tidy(() => {
        const x =
          tables?.embed(chosen.map((f) => columns[f])) ??
          tf.tile(learned!.weight('context') as tf.Tensor2D, [rowsOfColumn(columns[0]), 1]);
        return tf.mul(tf.sigmoid(layers.forward(x, run)), 2);
      }),
  };
}

/** A field by its name, or by that of its feature. */
function placeOf(fields: readonly FieldShape[], wanted: string, key: string): number {
  const at = fields.findIndex(({ name }) => name === wanted || name.endsWith(`.${wanted}`));
  if (at >= 0) return at;
  const names = fields.map(({ name }) => name).join(', ');
  throw new ConfigError(`model config (finalmlp): ${key}: expected names of fields (${names}); got ${wanted}`, key);
}
