import { embedding, gatedRecurrence, knownHostValues, UnsupportedError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputList, type LayerArgs, runOf, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { linearOutIn } from '../../layers/linear.ts';
import { recurrentSchedule } from './schedule.ts';

export interface GruLayerArgs extends LayerArgs {
  readonly inputDim: number;
  readonly hiddenDim: number;
  readonly dropout: number;
}

/**
 * A gated recurrent unit over the sequences of a packed batch, see {@link gatedRecurrence}; dropout on its output.
 *
 * Inputs: `[x [T, D], offsets int32 [B + 1]]`, offsets with known host values, as `uploadBatch` makes them. Output
 * `[T, E]`. Names, layout and initial values are PyTorch's: uniform in `1 / sqrt(E)`.
 */
export class GruLayer extends StreamLayer {
  static className = 'SeqrecGruLayer';
  readonly args: GruLayerArgs;

  constructor(args: GruLayerArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { inputDim, hiddenDim } = this.args;
    const initialization = { kind: 'uniform', limit: 1 / Math.sqrt(hiddenDim) } as const;
    // Reset, update and new gate.
    const blocks = { axis: 0, sizes: [hiddenDim, hiddenDim, hiddenDim] } as const;
    return [
      { name: 'weight_ih', shape: [3 * hiddenDim, inputDim], initialization, blocks },
      { name: 'weight_hh', shape: [3 * hiddenDim, hiddenDim], initialization, blocks },
      { name: 'bias_ih', shape: [3 * hiddenDim], initialization },
      { name: 'bias_hh', shape: [3 * hiddenDim], initialization },
    ];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs?: { readonly [key: string]: unknown }): tf.Tensor {
    const [x, offsets] = inputList(inputs) as [tf.Tensor2D, tf.Tensor1D];
    const run = runOf(kwargs);
    const values = knownHostValues(offsets);
    if (values === undefined) {
      throw new UnsupportedError(
        'GruLayer: expected offsets whose values are known on the host; got a tensor alone; make batches with uploadBatch',
      );
    }
    const { order, places, sizes, sequences } = recurrentSchedule(values);
    return tf.tidy(() => {
      const timeMajor = embedding(x, tf.tensor1d(order, 'int32'));
      const gates = linearOutIn(
        timeMajor,
        this.weight('weight_ih') as tf.Tensor2D,
        this.weight('bias_ih') as tf.Tensor1D,
      );
      const weights = { weight: this.weight('weight_hh') as tf.Tensor2D, bias: this.weight('bias_hh') as tf.Tensor1D };
      const { memory } = run;
      const before =
        memory && embedding(memory.states(this.stream, this.args.hiddenDim), tf.tensor1d(sequences, 'int32'));
      const states = gatedRecurrence(gates, weights, sizes, before);
      const packed = embedding(states, tf.tensor1d(places, 'int32'));
      memory?.keepStates(this.stream, packed);
      return this.drop(packed, this.args.dropout, 'output', run);
    });
  }

  override computeOutputShape(inputShape: (number | null)[] | (number | null)[][]): (number | null)[] {
    const [first] = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as (number | null)[][];
    return [first[0], this.args.hiddenDim];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { inputDim, hiddenDim, dropout } = this.args;
    return { ...super.getConfig(), inputDim, hiddenDim, dropout };
  }
}
tf.serialization.registerClass(GruLayer);
