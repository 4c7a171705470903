import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';

/** Variables that an optimiser keeps beside the weights, by name of the weight and by slot. */
export class SlotStore<S extends string> {
  readonly #op: string;
  readonly #names: readonly S[];
  readonly #byWeight = new Map<string, Readonly<Record<S, tf.Variable>>>();

  /** @param op for messages. */
  constructor(op: string, names: readonly S[]) {
    this.#op = op;
    this.#names = names;
  }

  /**
   * The slots of a weight, filled with `initial` at the first call.
   * @throws ShapeError for loaded slots of another shape: a kernel that works in place would write beyond them.
   */
  of(weight: tf.Variable, initial = 0): Readonly<Record<S, tf.Variable>> {
    let slots = this.#byWeight.get(weight.name);
    if (slots === undefined) {
      slots = this.#made(() => tf.fill(weight.shape, initial));
      this.#byWeight.set(weight.name, slots);
    }
    for (const name of this.#names) {
      if (tf.util.arraysEqual(slots[name].shape, weight.shape)) continue;
      throw new ShapeError(
        `${this.#op}: expected '${name}' of '${weight.name}' in the shape of its variable, ${describe(weight)}; got ${describe(slots[name])}; the state that was loaded is of another model`,
      );
    }
    return slots;
  }

  all(): ReadonlyMap<string, Readonly<Record<S, tf.Variable>>> {
    return this.#byWeight;
  }

  /** Replaces everything. @throws ShapeError when a weight lacks a slot. */
  load(state: ReadonlyMap<string, Readonly<Record<S, tf.Tensor>>>): void {
    for (const [name, slots] of state) {
      for (const slot of this.#names) {
        if (slots[slot] !== undefined) continue;
        throw new ShapeError(
          `${this.#op}: expected '${slot}' in the state of '${name}'; got ${Object.keys(slots).join(', ') || 'nothing'}`,
        );
      }
    }
    // Own data, not a second name for the caller's as `tf.clone` would give: a backend may write it in place. Made
    // before what is here goes, which the caller may have given.
    const copies = Array.from(state, ([name, slots]) => [name, this.#made((slot) => tf.mul(slots[slot], 1))] as const);
    this.dispose();
    for (const [name, slots] of copies) this.#byWeight.set(name, slots);
  }

  dispose(): void {
    for (const slots of this.#byWeight.values()) tf.dispose(slots);
    this.#byWeight.clear();
  }

  #made(value: (slot: S) => tf.Tensor): Readonly<Record<S, tf.Variable>> {
    // No optimiser trains them; variables stay when the surrounding tidy ends.
    const made = this.#names.map((slot) => [slot, tf.tidy(() => tf.variable(value(slot), false))] as const);
    return Object.fromEntries(made) as Record<S, tf.Variable>;
  }
}

/** The variable that a gradient belongs to. @throws ShapeError. */
export function variableOf(op: string, name: string, grad: tf.Tensor): tf.Variable {
  const param = tf.engine().registeredVariables[name];
  if (param !== undefined && tf.util.arraysEqual(param.shape, grad.shape)) return param;
  const variable = param === undefined ? 'no such variable' : `variable=${describe(param)}`;
  throw new ShapeError(
    `${op}: expected the gradient of '${name}' to have the shape of its variable; got gradient=${describe(grad)}, ${variable}; gradients go by variable name`,
  );
}
