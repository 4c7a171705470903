import { AdamW } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { tapedGradients } from '../../layers/taped-gradients.ts';
import type { Rows } from '../vectors/rows.ts';
import { assignCodes } from './assign-codes.ts';
import { codeClusters, positiveCodes } from './code-clusters.ts';
import { bookRows } from './frozen-rq-vae.ts';
import type { RqVae } from './rq-vae.ts';
import { type RqVaeLossOptions, rqVaeLoss } from './rq-vae-loss.ts';
import type { RqVaeOptions } from './rq-vae-options.ts';

/** What a step tells the fit; tensors are the caller's. */
export interface RqVaeStep {
  /** `[B, L]` */
  readonly codes: tf.Tensor2D;
  /** Sum over its rows. */
  readonly reconstruction: tf.Scalar;
  /** What each level read, `[B, m]`. */
  readonly residuals: readonly tf.Tensor2D[];
}

type Trained = Omit<RqVaeOptions, 'epochs' | 'batchSize' | 'patience'>;

/**
 * Steps of an {@link RqVae}. Codes that are balanced, or that others are drawn for, are made on the host in float64
 * before the step; nearest ones in the step.
 */
export class RqVaeTrainer {
  private readonly model: RqVae;
  private readonly options: Trained;
  private readonly seed: number;
  private readonly optimizer: AdamW;
  private readonly all: tf.Tensor2D;
  private readonly collaborative: tf.Tensor2D | undefined;
  /** Of each level the cluster of each code. */
  private clusters: Int32Array[] = [];
  private step = 0;

  constructor(model: RqVae, vectors: Rows, options: Trained, seed: number) {
    const { learningRate, weightDecay, collaborative } = options;
    this.model = model;
    this.options = options;
    this.seed = seed;
    this.optimizer = new AdamW({ learningRate, weightDecay });
    this.all = onDevice(vectors);
    this.collaborative = collaborative && onDevice(collaborative.vectors);
  }

  /** To be called before the steps of an epoch: clusters of codes are those of its beginning. */
  async beginEpoch(): Promise<void> {
    const { diversity, levels } = this.options;
    if (diversity === undefined) return;
    const { clusters } = diversity;
    this.clusters = [];
    for (let level = 0; level < levels; level++) {
      this.clusters.push(await codeClusters(await bookRows(this.model, level), { clusters, seed: this.seed, level }));
    }
  }

  /** One step on some rows. */
  async on(rows: Int32Array): Promise<RqVaeStep> {
    const { assignment, diversity } = this.options;
    const given = assignment.kind !== 'nearest' || diversity !== undefined ? await this.assigned(rows) : undefined;
    const { seed, step, model } = this;
    const positives =
      diversity && given!.map((codes, level) => positiveCodes(codes, this.clusters[level], { seed, level, step }));
    let kept: RqVaeStep | undefined;
    const { value, grads } = tapedGradients((keep) => {
      const places = tf.tensor1d(rows, 'int32');
      const pass = model.forward(tf.gather(this.all, places), { ...this.options, codes: given?.map(asTensor) });
      kept = {
        codes: keep(tf.stack([...pass.codes], 1) as tf.Tensor2D),
        reconstruction: keep(tf.sum(pass.reconstruction) as tf.Scalar),
        residuals: pass.residuals.map((residual) => keep(tf.clone(residual))),
      };
      return rqVaeLoss(pass, this.lossOptions(places, positives));
    }, model.variables());
    this.optimizer.applyGradients(grads);
    this.step++;
    tf.dispose([value, grads]);
    return kept!;
  }

  private lossOptions(places: tf.Tensor1D, positives: readonly Int32Array[] | undefined): RqVaeLossOptions {
    const { reduction, diversity, collaborative } = this.options;
    return {
      reduction,
      ...(diversity && { diversity: { weight: diversity.weight, positives: positives!.map(asTensor) } }),
      ...(collaborative && {
        collaborative: { weight: collaborative.weight, vectors: tf.gather(this.collaborative!, places) },
      }),
    };
  }

  /** Codes of some rows, of each level. */
  private async assigned(rows: Int32Array): Promise<Int32Array[]> {
    const { levels, width, assignment } = this.options;
    const encoded = tf.tidy(() => this.model.encode(tf.gather(this.all, tf.tensor1d(rows, 'int32'))));
    const values = Float64Array.from(await encoded.data());
    encoded.dispose();
    const books: Rows[] = [];
    for (let level = 0; level < levels; level++) books.push(await bookRows(this.model, level));
    const codes = await assignCodes({ count: rows.length, width, values }, books, assignment);
    return books.map((_, level) => Int32Array.from(rows, (_, r) => codes.values[r * levels + level]));
  }

  dispose(): void {
    this.optimizer.dispose();
    tf.dispose([this.all, ...(this.collaborative ? [this.collaborative] : [])]);
  }
}

const asTensor = (codes: Int32Array): tf.Tensor1D => tf.tensor1d(codes, 'int32');

function onDevice({ count, width, values }: Rows): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(values), [count, width]);
}
