import { embedTokens } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  dropOptionsAt,
  inputList,
  type LayerArgs,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from '../../layers/layer.ts';

export interface CodeTableArgs extends LayerArgs {
  readonly rows: number;
  readonly embeddingDim: number;
  /** Of the initial values, normal. */
  readonly standardDeviation: number;
  /** Whether rows are looked up; a head that is no table is a linear map. */
  readonly isTable: boolean;
  readonly dropout: number;
}

/** A row a code: what tokens are, `drop(E[id])`, or what they are scored with. Maps int32 `[T]` to `[T, D]`. */
export class CodeTable extends StreamLayer {
  static className = 'SeqrecCodeTable';
  readonly args: CodeTableArgs;

  constructor(args: CodeTableArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { rows, embeddingDim, standardDeviation, isTable } = this.args;
    const initialization = { kind: 'normal', standardDeviation } as const;
    return [{ name: 'weight', shape: [rows, embeddingDim], initialization, isTable }];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    return this.forward(inputList(inputs)[0] as tf.Tensor1D, runOf(kwargs), this.stream);
  }

  /** @param site of its dropout: a table may be that of two stacks. */
  forward(ids: tf.Tensor1D, run: Run, site: string): tf.Tensor2D {
    const { dropout, embeddingDim } = this.args;
    const table = this.weight('weight') as tf.Variable<tf.Rank.R2>;
    return embedTokens({ table, ids, scale: 1, dropout: dropOptionsAt(dropout, site, run, embeddingDim) });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape, this.args.embeddingDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { rows, embeddingDim, standardDeviation, isTable, dropout } = this.args;
    return { ...super.getConfig(), rows, embeddingDim, standardDeviation, isTable, dropout };
  }
}
tf.serialization.registerClass(CodeTable);
