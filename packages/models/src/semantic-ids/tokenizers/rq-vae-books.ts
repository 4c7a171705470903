import { l2Normalize } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayerArgs, StreamLayer, type WeightSpec } from '../../layers/layer.ts';
import { assignValues } from '../../parameters.ts';

export interface BooksSizes {
  readonly levels: number;
  /** `K`. */
  readonly codes: number;
  /** `m`. */
  readonly width: number;
  /** Whether a codebook is a table times a map that all its codes share. */
  readonly projected?: boolean;
  /** Whether the codes of the first level have length 1. */
  readonly normalize?: boolean;
}

interface BooksArgs extends LayerArgs, BooksSizes {}

/** Lengths below it count as this long. */
const SHORTEST = 1e-12;

/** Rows of length 1, as codes of the first level are. */
export function unitLength(rows: tf.Tensor2D): tf.Tensor2D {
  return l2Normalize(rows, { epsilon: SHORTEST });
}

/**
 * Codebooks of an RQ-VAE, `[K, m]` each: `E_l = T_l`; `projected`: `E_l = T_l W_l^T`, of which a step moves all codes;
 * `normalize`: rows of `E_0` by their length.
 *
 * Source of `projected`: Zhu et al. 2024 (SimVQ, arXiv:2411.02038); there the table stays as it was drawn, here it is
 * trained too, as in EdoardoBotta/RQ-VAE-Recommender. A map starts as the identity.
 */
export class Books extends StreamLayer {
  static className = 'SeqrecRqVaeBooks';
  readonly args: BooksArgs;

  constructor(args: BooksArgs) {
    super(args);
    this.args = args;
  }

  protected weightSpecs(): WeightSpec[] {
    const { levels, codes, width, projected = false } = this.args;
    return Array.from({ length: levels }, (_, level): WeightSpec[] => [
      {
        name: `${level}.weight`,
        shape: [codes, width],
        initialization: { kind: 'normal', standardDeviation: 1 / Math.sqrt(width) },
        isTable: true,
      },
      ...(projected
        ? [{ name: `${level}.map`, shape: [width, width], initialization: { kind: 'zeros' } } satisfies WeightSpec]
        : []),
    ]).flat();
  }

  override build(): void {
    if (this.built) return;
    super.build();
    for (const map of this.maps()) assignValues(map, identity(this.args.width));
  }

  /** `W_l`; none where codebooks are not projected. */
  maps(): tf.Variable<tf.Rank.R2>[] {
    const { levels, projected = false } = this.args;
    if (!projected) return [];
    return Array.from({ length: levels }, (_, level) => this.weight(`${level}.map`) as tf.Variable<tf.Rank.R2>);
  }

  /** `T_l`. */
  table(level: number): tf.Variable<tf.Rank.R2> {
    return this.weight(`${level}.weight`) as tf.Variable<tf.Rank.R2>;
  }

  /** `E_l`, to be disposed of by whoever is not in a `tidy`. */
  book(level: number): tf.Tensor2D {
    return tf.tidy(() => {
      const table = this.table(level);
      const map = this.maps().at(level);
      const rows =
        map === undefined ? (tf.clone(table) as tf.Tensor2D) : (tf.matMul(table, map, false, true) as tf.Tensor2D);
      return level === 0 && this.args.normalize ? unitLength(rows) : rows;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { levels, codes, width, projected, normalize } = this.args;
    return {
      ...super.getConfig(),
      ...{ levels, codes, width },
      ...(projected && { projected }),
      ...(normalize && { normalize }),
    };
  }
}
tf.serialization.registerClass(Books);

function identity(width: number): Float32Array {
  return Float32Array.from({ length: width * width }, (_, e) => Number(e % (width + 1) === 0));
}
