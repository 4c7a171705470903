import type * as tf from '@tensorflow/tfjs-core';
import { ExpertGate } from '../../layers/expert-gate.ts';
import { HiddenLayers } from '../../layers/hidden-layers.ts';
import type { Run, StreamLayer } from '../../layers/layer.ts';
import type { PleConfig } from './config.ts';

/** The vectors between two layers: one a label, and one that all share. */
export interface Extracted {
  readonly labels: readonly tf.Tensor2D[];
  /** After the last layer there is none. */
  readonly shared?: tf.Tensor2D;
}

/**
 * A layer of customised gate control: experts of each label read its vector, shared ones the shared vector; the gate of
 * a label mixes its own experts, then the shared ones.
 */
export interface Extraction {
  readonly shared: readonly HiddenLayers[];
  /** By label. */
  readonly own: readonly (readonly HiddenLayers[])[];
  /** By label, and that of the shared vector where a layer follows. */
  readonly gates: readonly ExpertGate[];
  readonly layers: readonly StreamLayer[];
  readonly width: number;
  extract(from: Required<Extracted>, run: Run): Extracted;
}

interface ExtractionOptions {
  readonly inputDim: number;
  readonly labels: number;
  readonly isLast: boolean;
  readonly seed: number;
  /** Prefix of the names of the weights. */
  readonly stream: string;
}

/** One layer of {@link createPle}. */
export function extraction(
  config: PleConfig,
  { inputDim, labels, isLast, seed, stream }: ExtractionOptions,
): Extraction {
  const { sharedExperts, ownExperts, expertHiddenSizes, gateHiddenSizes, sharedGate, dropout, gateDropout } = config;
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const expert = (name: string): HiddenLayers =>
    new HiddenLayers({ inputDim, hiddenSizes: expertHiddenSizes, dropout, seed, stream: `${stream}.${name}` });
  const shared = many(sharedExperts, (e) => expert(`shared.${e}`));
  const own = many(labels, (l) => many(ownExperts, (e) => expert(`own.${l}.${e}`)));
  const gate = (name: string, experts: number): ExpertGate =>
    new ExpertGate({
      inputDim,
      hiddenSizes: gateHiddenSizes,
      experts,
      dropout,
      gateDropout,
      seed,
      stream: `${stream}.gates.${name}`,
    });
  const ofShared = sharedGate === 'shared-experts' ? sharedExperts : sharedExperts + labels * ownExperts;
  const gates = [
    ...many(labels, (l) => gate(`${l}`, ownExperts + sharedExperts)),
    ...(isLast ? [] : [gate('shared', ofShared)]),
  ];
  return {
    shared,
    own,
    gates,
    layers: [...shared, ...own.flat(), ...gates],
    width: shared[0].width,
    extract: (from, run) => {
      const ofAll = shared.map((each) => each.forward(from.shared, run));
      const ofLabels = own.map((experts, l) => experts.map((each) => each.forward(from.labels[l], run)));
      const mixed = ofLabels.map((vectors, l) => gates[l].mix(from.labels[l], [...vectors, ...ofAll], run));
      if (isLast) return { labels: mixed };
      const read = sharedGate === 'shared-experts' ? ofAll : [...ofLabels.flat(), ...ofAll];
      return { labels: mixed, shared: gates[labels].mix(from.shared, read, run) };
    },
  };
}
