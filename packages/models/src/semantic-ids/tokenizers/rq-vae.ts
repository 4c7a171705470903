import * as tf from '@tensorflow/tfjs-core';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import { untaped } from '../../layers/untaped.ts';
import { rotated } from './rotation.ts';
import { Books, type BooksSizes, unitLength } from './rq-vae-books.ts';

/** How what a level chose passes its gradient on to what it stands for. */
export const quantiserGradients = ['straight-through', 'rotation'] as const;
export type QuantiserGradient = (typeof quantiserGradients)[number];

export interface RqVaeSizes extends BooksSizes {
  readonly inputDim: number;
  /** Of the encoder; the decoder has them in the other order. */
  readonly hiddenSizes: readonly number[];
}

export interface RqVaePassOptions {
  /** `beta`. */
  readonly commitment: number;
  /** Default `straight-through`. */
  readonly gradient?: QuantiserGradient;
  /**
   * What the terms of a level read: `attached` (default), the encoder's rows less constants, or `passed`, less what the
   * decoder reads of the levels before, with its gradient: a constant where that is straight-through, as in
   * EdoardoBotta/RQ-VAE-Recommender and LETTER.
   */
  readonly residuals?: 'attached' | 'passed';
  /** Codes of each level, int32 `[B]`, in place of the nearest. */
  readonly codes?: readonly tf.Tensor1D[];
}

/** What {@link RqVae.forward} makes of rows `x [B, d]`. */
export interface RqVaePass {
  /** `Dec(Enc(x))` is not seen: `Dec` of the codes, `[B, d]`. */
  readonly decoded: tf.Tensor2D;
  /** `[B, m]` */
  readonly encoded: tf.Tensor2D;
  /** `sum_l q_l`, which the decoder reads, `[B, m]`. */
  readonly quantised: tf.Tensor2D;
  /** Of each level, int32 `[B]`. */
  readonly codes: readonly tf.Tensor1D[];
  /** Of each level `E_l`, `[K, m]`. */
  readonly books: readonly tf.Tensor2D[];
  /** Of each level the rows of `E_l` that were chosen, `[B, m]`. */
  readonly chosen: readonly tf.Tensor2D[];
  /** What each level reads, `[B, m]`. */
  readonly residuals: readonly tf.Tensor2D[];
  /** `sum_l |sg(r_l) - e_l|^2 + beta |r_l - sg(e_l)|^2`, `[B]`. */
  readonly quantisation: tf.Tensor1D;
  /** `|x - decoded|^2`, `[B]`. */
  readonly reconstruction: tf.Tensor1D;
}

/**
 * Residual-quantised autoencoder:
 *
 * ```
 * z = Enc(x)                 hidden layers with ReLU, the last map linear; normalize: z by its length
 * r_0 = z;  e_l = E_l[argmin_k |r_l - E_l[k]|^2];  r_{l+1} = r_l - sg(e_l)
 * p_0 = z;  q_l = e_l, to p_l the gradient of p_l + sg(e_l - p_l), or of a rotation;  p_{l+1} = p_l - q_l
 * y = Dec(sum_l q_l)         straight-through: z + sg(sum_l e_l - z)
 * L = mean_i( |x - y|^2 + sum_l |sg(r_l) - e_l|^2 + beta |r_l - sg(e_l)|^2 )        sums over dimensions
 * ```
 *
 * Source: Zeghidour et al. 2021 (arXiv:2107.03312), Rajput et al. 2023 (arXiv:2305.05065); rotation: Fifty et al. 2024
 * (arXiv:2410.06424), level by level as in EdoardoBotta/RQ-VAE-Recommender.
 */
export class RqVae {
  readonly encoder: HiddenLayers;
  readonly decoder: HiddenLayers;
  readonly books: Books;
  readonly sizes: RqVaeSizes;

  constructor(sizes: RqVaeSizes, seed: number) {
    const { inputDim, hiddenSizes, width, levels, codes, projected, normalize } = sizes;
    const shared = { dropout: 0, seed };
    this.sizes = sizes;
    this.encoder = new HiddenLayers({ ...shared, inputDim, hiddenSizes, outputDim: width, stream: 'encoder' });
    const back = hiddenSizes.toReversed();
    this.decoder = new HiddenLayers({
      ...{ ...shared, inputDim: width, hiddenSizes: back, outputDim: inputDim, stream: 'decoder' },
    });
    this.books = new Books({ levels, codes, width, projected, normalize, seed, stream: 'books' });
  }

  variables(): tf.Variable[] {
    return [this.encoder, this.decoder, this.books].flatMap((layer) => layer.names.map((name) => layer.weight(name)));
  }

  /** `z`, `[B, m]`. */
  encode(x: tf.Tensor2D): tf.Tensor2D {
    const encoded = this.encoder.forward(x, RUN);
    return this.sizes.normalize ? unitLength(encoded) : encoded;
  }

  forward(x: tf.Tensor2D, options: RqVaePassOptions): RqVaePass {
    const { commitment, gradient = 'straight-through', residuals: kind = 'attached' } = options;
    const encoded = this.encode(x);
    const books = Array.from({ length: this.sizes.levels }, (_, level) => this.books.book(level));
    const [codes, residuals, losses]: [tf.Tensor1D[], tf.Tensor2D[], tf.Tensor1D[]] = [[], [], []];
    const [chosen, constants, turned]: [tf.Tensor2D[], tf.Tensor2D[], tf.Tensor2D[]] = [[], [], []];
    let [residual, left] = [encoded, encoded];
    for (const [level, book] of books.entries()) {
      const now = residual;
      const code = options.codes?.[level] ?? (untaped(() => nearestOf(now, book)) as tf.Tensor1D);
      const own = tf.gather(book, code) as tf.Tensor2D;
      const [constant, constantResidual] = [untaped(() => tf.clone(own)), untaped(() => tf.clone(now))];
      const toward = tf.sum(tf.squaredDifference(constantResidual, own), 1);
      const back = tf.sum(tf.squaredDifference(now, constant), 1);
      losses.push(tf.add(toward, tf.mul(back, commitment)) as tf.Tensor1D);
      codes.push(code);
      residuals.push(now);
      chosen.push(own);
      constants.push(constant);
      if (gradient === 'rotation') {
        turned.push(rotated(left, constant));
        left = tf.sub(left, turned[level]);
      } else left = tf.sub(constantResidual, constant);
      residual = kind === 'attached' ? tf.sub(now, constant) : left;
    }
    const quantised = (
      gradient === 'rotation'
        ? tf.addN(turned)
        : tf.add(
            encoded,
            untaped(() => tf.sub(tf.addN(constants), encoded)),
          )
    ) as tf.Tensor2D;
    const decoded = this.decoder.forward(quantised, RUN);
    return {
      ...{ decoded, encoded, quantised, codes, books, chosen, residuals },
      quantisation: tf.addN(losses) as tf.Tensor1D,
      reconstruction: tf.sum(tf.squaredDifference(x, decoded), 1) as tf.Tensor1D,
    };
  }

  dispose(): void {
    tf.dispose(this.variables());
  }
}

const RUN = { training: true, step: 0, seed: 0 };

/** The code of the nearest row of a book, int32 `[B]`. */
function nearestOf(residual: tf.Tensor2D, book: tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => {
    const lengths = tf.sum(tf.square(book), 1);
    return tf.argMin(tf.sub(lengths, tf.mul(tf.matMul(residual, book, false, true), 2)), 1);
  });
}
