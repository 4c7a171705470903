import * as tf from '@tensorflow/tfjs-core';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { untaped } from '../../layers/untaped.ts';

export interface RqVaeSizes {
  readonly inputDim: number;
  /** Of the encoder; the decoder has them in the other order. */
  readonly hiddenSizes: readonly number[];
  /** Width `m` of what is quantised. */
  readonly width: number;
  readonly levels: number;
  readonly codes: number;
}

export interface RqVaeLossOptions {
  /** `beta`. */
  readonly commitment: number;
  /**
   * Whether what a level leaves passes its gradient on to the encoder (default), or is a constant for the levels after
   * it, as in EdoardoBotta/RQ-VAE-Recommender.
   */
  readonly residuals?: 'attached' | 'detached';
}

/** What {@link RqVae.forward} makes of rows `x [B, d]`. */
export interface RqVaePass {
  /** `Dec(Enc(x))` is not seen: `Dec` of the codes, `[B, d]`. */
  readonly decoded: tf.Tensor2D;
  /** `[B, m]` */
  readonly encoded: tf.Tensor2D;
  /** Of each level, int32 `[B]`. */
  readonly codes: readonly tf.Tensor1D[];
  /** What each level reads, `[B, m]`. */
  readonly residuals: readonly tf.Tensor2D[];
  /** `sum_l |sg(r_l) - e_l|^2 + beta |r_l - sg(e_l)|^2`, `[B]`. */
  readonly quantisation: tf.Tensor1D;
  /** `|x - decoded|^2`, `[B]`. */
  readonly reconstruction: tf.Tensor1D;
}

interface BooksArgs extends LayerArgs {
  readonly levels: number;
  readonly codes: number;
  readonly width: number;
}

/** `E_l`, `[K, m]` each. */
class Books extends StreamLayer {
  static className = 'SeqrecRqVaeBooks';
  readonly args: BooksArgs;

  constructor(args: BooksArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { levels, codes, width } = this.args;
    return Array.from({ length: levels }, (_, level) => ({
      name: `${level}.weight`,
      shape: [codes, width],
      initialization: { kind: 'normal', standardDeviation: 1 / Math.sqrt(width) },
      isTable: true,
    }));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { levels, codes, width } = this.args;
    return { ...super.getConfig(), levels, codes, width };
  }
}
tf.serialization.registerClass(Books);

/**
 * Residual-quantised autoencoder, straight-through:
 *
 * ```
 * z = Enc(x)                 hidden layers with ReLU, the last map linear
 * r_0 = z;  e_l = E_l[argmin_k |r_l - E_l[k]|^2];  r_{l+1} = r_l - sg(e_l)
 * y = Dec(z + sg(sum_l e_l - z))
 * L = mean_i( |x - y|^2 + sum_l |sg(r_l) - e_l|^2 + beta |r_l - sg(e_l)|^2 )        sums over dimensions
 * ```
 *
 * Source: Zeghidour et al. 2021 (arXiv:2107.03312), Rajput et al. 2023 (arXiv:2305.05065).
 */
export class RqVae {
  readonly encoder: HiddenLayers;
  readonly decoder: HiddenLayers;
  readonly books: StreamLayer;
  private readonly sizes: RqVaeSizes;

  constructor(sizes: RqVaeSizes, seed: number) {
    const { inputDim, hiddenSizes, width, levels, codes } = sizes;
    const shared = { dropout: 0, seed };
    this.sizes = sizes;
    this.encoder = new HiddenLayers({ ...shared, inputDim, hiddenSizes, outputDim: width, stream: 'encoder' });
    const back = hiddenSizes.toReversed();
    this.decoder = new HiddenLayers({
      ...{ ...shared, inputDim: width, hiddenSizes: back, outputDim: inputDim, stream: 'decoder' },
    });
    this.books = new Books({ levels, codes, width, seed, stream: 'books' });
  }

  /** `E_l`. */
  book(level: number): tf.Variable<tf.Rank.R2> {
    return this.books.weight(`${level}.weight`) as tf.Variable<tf.Rank.R2>;
  }

  variables(): tf.Variable[] {
    return [this.encoder, this.decoder, this.books].flatMap((layer) => layer.names.map((name) => layer.weight(name)));
  }

  forward(x: tf.Tensor2D, { commitment, residuals: kind = 'attached' }: RqVaeLossOptions): RqVaePass {
    const run = { training: true, step: 0, seed: 0 };
    const encoded = this.encoder.forward(x, run);
    const [codes, residuals, losses, chosen]: [tf.Tensor1D[], tf.Tensor2D[], tf.Tensor1D[], tf.Tensor2D[]] = [
      [],
      [],
      [],
      [],
    ];
    let residual = encoded;
    for (let level = 0; level < this.sizes.levels; level++) {
      const book = this.book(level);
      const [now] = [residual];
      const code = untaped(() => nearestOf(now, book)) as tf.Tensor1D;
      const own = tf.gather(book, code) as tf.Tensor2D;
      const [constant, constantResidual] = [untaped(() => tf.clone(own)), untaped(() => tf.clone(now))];
      const toward = tf.sum(tf.squaredDifference(constantResidual, own), 1);
      const back = tf.sum(tf.squaredDifference(now, constant), 1);
      losses.push(tf.add(toward, tf.mul(back, commitment)) as tf.Tensor1D);
      codes.push(code);
      residuals.push(now);
      chosen.push(constant);
      residual = tf.sub(kind === 'attached' ? now : constantResidual, constant);
    }
    const constant = untaped(() => tf.sub(tf.addN(chosen), encoded)) as tf.Tensor2D;
    const decoded = this.decoder.forward(tf.add(encoded, constant), run);
    return {
      ...{ decoded, encoded, codes, residuals },
      quantisation: tf.addN(losses) as tf.Tensor1D,
      reconstruction: tf.sum(tf.squaredDifference(x, decoded), 1) as tf.Tensor1D,
    };
  }

  dispose(): void {
    tf.dispose(this.variables());
  }
}

/** The code of the nearest row of a book, int32 `[B]`. */
function nearestOf(residual: tf.Tensor2D, book: tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => {
    const lengths = tf.sum(tf.square(book), 1);
    return tf.argMin(tf.sub(lengths, tf.mul(tf.matMul(residual, book, false, true), 2)), 1);
  });
}
