import * as tf from '@tensorflow/tfjs-core';
import { HiddenLayers, type HiddenLayersArgs } from './hidden-layers.ts';
import { dropAt, type Run } from './layer.ts';

export interface ExpertGateArgs extends Omit<HiddenLayersArgs, 'outputDim'> {
  readonly experts: number;
  /** Chance that an expert is left out of the mixture of an example, in training alone. */
  readonly gateDropout: number;
}

/** What a logit is below the others where its expert is left out. */
const NEVER = 1e9;

/**
 * A gate over experts: `g = softmax(MLP(x))`, `[B, E]`, and the mixture `sum_e g_e v_e` of their vectors. With dropout
 * `g_e` is `m_e g_e / sum m g`, `m_e` 0 or 1; an example that would lose all experts keeps all.
 *
 * Source: Ma et al. 2018 (doi:10.1145/3219819.3220007), equations 6 and 7; dropout: Zhao et al. 2019
 * (doi:10.1145/3298689.3346997), section 5.2.
 */
export class ExpertGate extends HiddenLayers {
  static override className = 'SeqrecExpertGate';
  readonly gateDropout: number;

  constructor({ experts, gateDropout, ...args }: ExpertGateArgs) {
    super({ ...args, outputDim: experts });
    this.gateDropout = gateDropout;
  }

  /** What each expert counts for each example, `[B, E]`. */
  gates(x: tf.Tensor2D, run: Run): tf.Tensor2D {
    return tf.tidy(() => {
      const logits = this.forward(x, run);
      if (!run.training || this.gateDropout === 0) return tf.softmax(logits);
      const drawn = dropAt(tf.ones(logits.shape), this.gateDropout, `${this.stream}.experts`, run);
      const kept = tf.greater(drawn, 0);
      const some = tf.logicalOr(kept, tf.logicalNot(tf.any(kept, 1, true)));
      // Left out is what has no chance: the others share what is left.
      return tf.softmax(tf.add(logits, tf.mul(tf.sub(tf.cast(some, 'float32'), 1), NEVER)));
    });
  }

  /** The mixture of the vectors of the experts, each `[B, H]`. */
  mix(x: tf.Tensor2D, experts: readonly tf.Tensor2D[], run: Run): tf.Tensor2D {
    return tf.tidy(() => {
      // `tf.split` has no gradient for a single part.
      if (experts.length === 1) return tf.mul(this.gates(x, run), experts[0]);
      const gates = tf.split(this.gates(x, run), experts.length, 1);
      return tf.addN(experts.map((rows, e) => tf.mul(rows, gates[e]))) as tf.Tensor2D;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { outputDim, ...config } = super.getConfig();
    return { ...config, experts: outputDim as number, gateDropout: this.gateDropout };
  }
}
tf.serialization.registerClass(ExpertGate);
