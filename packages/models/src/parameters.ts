import { closest } from '@seqrec/data/closest';
import * as tf from '@tensorflow/tfjs-core';
import { ParameterError } from './errors.ts';
import { declaredShape } from './layers/layer.ts';
import type { Model } from './model.ts';

/** A tensor on the host, row-major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | readonly number[];
}

/** Named tensors on the host, for example a state dict. */
export type NamedParameters = Readonly<Record<string, HostTensor>>;

/**
 * Sets every weight of `model` from tensors under the names of `model.variables()`. Nothing changes when it throws.
 *
 * @throws ParameterError listing every missing, unexpected and misshapen tensor.
 */
export function loadParameters(model: Model, parameters: NamedParameters): void {
  const lengths = Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, length: data.length }]);
  checkParameters(model, new Map(lengths as [string, NamedShape][]));
  for (const [name, variable] of model.variables()) assignValues(variable, parameters[name].data);
}

export interface NamedShape {
  readonly shape: readonly number[];
  /** Numbers that are there. */
  readonly length: number;
}

/** Throws a ParameterError unless the tensors are those of {@link Model.variables}. */
export function checkParameters(model: Model, tensors: ReadonlyMap<string, NamedShape>): void {
  const variables = model.variables();
  const problems: string[] = [];
  for (const [name, variable] of variables) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      problems.push(`missing '${name}' [${declaredShape(variable).join(', ')}]`);
      continue;
    }
    const { shape, length } = tensor;
    const expected = declaredShape(variable);
    const size = expected.reduce((product, axis) => product * axis, 1);
    if (!sameShape(shape, expected)) {
      problems.push(`'${name}' is [${shape.join(', ')}], expected [${expected.join(', ')}]`);
    } else if (length !== size) {
      problems.push(`'${name}' holds ${length} numbers, its shape needs ${size}`);
    }
  }
  for (const [name, { shape }] of tensors) {
    if (variables.has(name)) continue;
    const near = closest(name, [...variables.keys()]);
    problems.push(`unexpected '${name}' [${shape.join(', ')}]${near === undefined ? '' : ` (nearest: '${near}')`}`);
  }
  if (problems.length > 0) {
    throw new ParameterError(
      `loadParameters: expected the ${variables.size} weights of '${model.kind}'; got ${tensors.size} tensors with ${problems.length} problems: ${problems.join('; ')}; check that config and file belong together`,
    );
  }
}

/** All weights of a model on the host, by name. */
export async function readParameters(model: Model): Promise<Record<string, HostTensor>> {
  const out: Record<string, HostTensor> = {};
  for (const [name, variable] of model.variables()) {
    // A copy: on some backends data() is a view of memory that the next step overwrites.
    out[name] = { shape: [...variable.shape], data: new Float32Array((await variable.data()) as Float32Array) };
  }
  return out;
}

/** Overwrites a variable with values from the host. */
export function assignValues(variable: tf.Variable, data: HostTensor['data']): void {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  const fresh = tf.tensor(values, variable.shape, 'float32');
  variable.assign(fresh);
  fresh.dispose();
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
