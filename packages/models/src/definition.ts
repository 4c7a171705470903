import type { ExampleSet } from '@seqrec/data';
import type { z } from 'zod';
import type { Flops, Workload } from './flops/flops.ts';
import type { Model, ModelOptions } from './model.ts';
import type { TimeReader } from './reads-times.ts';
import type { ModelStudy } from './study.ts';

/**
 * What the models of a kind can do; a task asks for one of these. What encodes also generates, over codes in the place
 * of items.
 */
export type Capability = 'encode' | 'towers' | 'rank' | 'generate';

/** Widths of a model, in numbers. */
export interface ModelWidths {
  /** Of the vectors of histories and items, whose products are scores. */
  readonly vector: number;
  /** What a training step keeps of each token, for estimates of memory. */
  readonly token: number;
}

/** A kind of model: what a folder under `encoders`, `towers`, `rankers`, `generators` or somebody's package brings. */
export interface ModelDefinition<C extends { readonly kind: string } = { readonly kind: string }> {
  /** Its name in configurations, `model.kind`. */
  readonly kind: string;
  readonly can: readonly Capability[];
  /** An object schema with `kind: z.literal(kind)`; fields with a default may be left out by who configures. */
  readonly schema: z.ZodType<C>;
  /** The model with fresh weights, from streams of `options.seed` alone. */
  create(config: C, options: ModelOptions): Model;
  /**
   * Fills in what follows from other settings, of a parsed configuration; done again it changes nothing.
   *
   * @throws ConfigError for settings that do not go together.
   */
  complete?(config: C): C;
  /**
   * Refuses training rows that hold what the settings cannot read, or lack what they would read, before the first step
   * of a run of rows.
   *
   * @throws ConfigError naming the setting.
   */
  checkRows?(config: C, train: ExampleSet): void;
  /** Whether its tables of ids may lie in stores, `stores` of its options; absent: they may not. */
  readonly storesTables?: true;
  /** The settings by which it reads the times of events; absent: none. */
  timeReaders?(config: C): TimeReader[];
  /**
   * Whether what its layers keep of a history can grow by events, so that `extend` gives what a full pass gives: with
   * `refusal`, a sentence, where it cannot. Absent: it cannot. Where it cannot, evaluation of all positions asks each
   * by a pass of its own.
   */
  incremental?(config: C): { readonly refusal?: string };
  /** Absent: vectors of `embeddingDim`, a token `embeddingDim` for its input and each of `numBlocks`. */
  widths?(config: C): ModelWidths;
  /**
   * Floating-point operations of a training step in closed form: matrix products and attention; what is linear in the
   * width is left out, and so are the objective's products. Studies of equal compute need it.
   */
  flops?(config: C, work: Workload): Flops;
  /** How studies over width, depth and length take it; absent: they do not. */
  readonly study?: ModelStudy;
}
