import { DeltaError } from '../errors.ts';
import { parseModelConfig } from '../registry.ts';
import type { CheckpointState } from '../train/checkpoint-format.ts';
import { differences } from '../train/differences.ts';
import type { Delta } from './delta.ts';
import { featuresDigest as digestOf } from './features-digest.ts';
import type { ChainPlace, Snapshot } from './snapshot.ts';

/** Who gets a delta. */
export interface Holder {
  /** For messages. */
  readonly name: string;
  readonly state: Pick<CheckpointState, 'model' | 'numItems' | 'sizes' | 'features'>;
  readonly place: ChainPlace;
  /** What its features know of items and users: `featuresDigest`. */
  readonly featuresDigest: string | undefined;
  /** Shapes of its weights. */
  readonly weights: ReadonlyMap<string, { readonly shape: readonly number[] }>;
}

/** A snapshot as one that gets a delta. */
export function holderOf({ name, state, weights, place, features }: Snapshot): Holder {
  const digest = digestOf(new Map(Array.from(features, ([tensor, { data }]) => [tensor, data])));
  return { name, state, weights, place, featuresDigest: digest };
}

/** @throws DeltaError listing what of two models differs: configuration, sizes, features, weights. */
export function refuseOtherModel(operation: string, held: Omit<Holder, 'place'>, other: Omit<Holder, 'place'>): void {
  const found = differences(modelOf(held), modelOf(other)).map((text) =>
    text.replace(/^(.*): saved (.*), here (.*)$/s, '$1: $2 and $3'),
  );
  if (JSON.stringify(held.state.features) !== JSON.stringify(other.state.features))
    found.push('features: fitted on other rows');
  else if (held.featuresDigest !== other.featuresDigest)
    found.push('features: other values of items or users, or others with a training event');
  if (found.length === 0) return;
  throw new DeltaError(
    `${operation}: expected weights of the model of ${held.name}; got those of ${other.name} with ${found.join('; ')}; load them in full`,
    'model',
  );
}

function modelOf({ state, weights }: Pick<Holder, 'state' | 'weights'>): Record<string, unknown> {
  const { model, numItems, sizes } = state;
  const names = [...weights.keys()].sort();
  return {
    model: { ...parseModelConfig(model) },
    numItems,
    ...(sizes && { sizes: { ...sizes } }),
    weights: Object.fromEntries(names.map((name) => [name, weights.get(name)?.shape])),
  };
}

/**
 * Checks that a delta is the next one for its holder.
 *
 * @throws DeltaError for another model, another base, a delta that is applied already, a gap, or another chain.
 */
export function checkChain(operation: string, held: Holder, delta: Delta): void {
  const { dense, tables, state, name, featuresDigest } = delta;
  const shapes = [...dense, ...tables].map(([weight, { shape }]) => [weight, { shape }] as const);
  refuseOtherModel(operation, held, { name, state, featuresDigest, weights: new Map(shapes) });
  const { base, latest, deltas } = held.place;
  const refuse = (reason: 'base' | 'order' | 'gap' | 'chain', expected: string, got: string, hint: string): never => {
    throw new DeltaError(`${operation}: ${name}: expected ${expected}; got ${got}; ${hint}`, reason);
  };
  const next = deltas + 1;
  if (delta.base !== base)
    refuse(
      'base',
      `a delta on the base ${short(base)} of ${held.name}`,
      `one on ${short(delta.base)}`,
      'take deltas of this base, or load the weights in full',
    );
  if (delta.number < next)
    refuse('order', `delta ${next} of the chain`, `delta ${delta.number}`, 'it is applied already, or comes too late');
  if (delta.number > next) {
    const missing = delta.number - next === 1 ? `delta ${next} is` : `deltas ${next} to ${delta.number - 1} are`;
    refuse(
      'gap',
      `delta ${next} of the chain`,
      `delta ${delta.number}`,
      `${missing} missing: apply what is missing first, or load the weights in full`,
    );
  }
  if (delta.previous !== latest)
    refuse(
      'chain',
      `a delta after ${short(latest)}`,
      `one after ${short(delta.previous)}`,
      'it was made for a consumer that holds other rows',
    );
}

/** The place after a delta. */
export function placeAfter({ base, digest, number }: Delta): ChainPlace {
  return { base, latest: digest, deltas: number };
}

const short = (digest: string): string => digest.slice(0, 12);
