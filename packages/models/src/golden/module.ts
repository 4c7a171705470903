import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { GoldenError } from '../errors.ts';
import { compareGradients } from './compare.ts';
import { checkedFields, float32Deviation, type GoldenTensor, goldenTensor, tensorOf } from './file.ts';
import { relativeError } from './relative-error.ts';
import { float32Tolerance, type GoldenMaxima, type GoldenReport, goldenReport } from './report.ts';

export const goldenTensors = z.record(z.string(), goldenTensor);

const moduleSchema = z.object({
  name: z.string(),
  kind: z.string(),
  config: z.record(z.string(), z.unknown()),
  inputs: goldenTensors,
  parameters: goldenTensors,
  outputs: goldenTensors,
  loss: z.number(),
  gradients: goldenTensors,
  inputGradients: goldenTensors.default({}),
  float32Deviation,
});

/**
 * A module of a reference, not a whole encoder: sequences of vectors `x` in, vectors out, `loss = sum(y * cotangent)`.
 */
export type ModuleGolden = z.output<typeof moduleSchema>;

/** @throws GoldenError naming the field, what was expected and what was got. */
export function parseModule(json: unknown): ModuleGolden {
  return checkedFields(moduleSchema, json);
}

/** The `config` of a file by the schema of its kind. */
export function configOf<T>(schema: z.ZodType<T>, { config }: ModuleGolden): T {
  return checkedFields(schema, config, 'config');
}

/** Where a parameter of the file lies: rows of a weight, from `begin` on. */
export interface Place {
  readonly variable: tf.Variable;
  readonly begin?: number;
  /** The file has it with rows and columns exchanged. */
  readonly isTransposed?: boolean;
}

export interface ModuleCheck {
  readonly golden: ModuleGolden;
  /** For every parameter that has a gradient, its place in the weights of ours. */
  readonly places: Readonly<Record<string, Place>>;
  /** Rows of `x` `[B N, D]` that are packed; default: all. */
  readonly packed?: readonly number[];
  /** Which packed rows count, the others being padding that is seen; default: all. */
  readonly compared?: readonly boolean[];
  /**
   * From packed rows `[T, D]` to what the file calls outputs; `y` gives the loss. Rows of outputs are packed rows too.
   */
  forward(x: tf.Tensor2D): Readonly<Record<string, tf.Tensor2D>> & { readonly y: tf.Tensor2D };
}

/**
 * Gives the module the parameters of a file, runs it forwards and backwards and compares everything that the
 * file has. Frees the weights.
 */
export async function compareModule(check: ModuleCheck): Promise<GoldenReport> {
  const { golden, places } = check;
  const input = tensorOf(golden.inputs, 'x');
  const rows = check.packed ?? Array.from({ length: input.shape[0] * input.shape[1] }, (_, row) => row);
  const counts = rows.map((_, at) => check.compared?.[at] ?? true);
  setParameters(golden, places);
  /** Packed rows of a padded tensor; rows that do not count are zero. */
  const pack = ({ shape, data }: GoldenTensor): number[] => {
    const width = shape[shape.length - 1];
    return rows.flatMap((row, at) =>
      counts[at] ? data.slice(row * width, (row + 1) * width) : new Array<number>(width).fill(0),
    );
  };
  const matrix = (values: GoldenTensor): tf.Tensor2D =>
    tf.tensor2d(pack(values), [rows.length, values.shape[values.shape.length - 1]]);
  const x = tf.tidy(() => tf.variable(matrix(input)));
  const cotangent = matrix(tensorOf(golden.inputs, 'cotangent'));
  const variables = [...new Set(Object.values(places).map(({ variable }) => variable))];
  try {
    const made: Record<string, tf.Tensor2D> = {};
    const { value, grads } = tf.variableGrads(() => {
      const outputs = check.forward(x as unknown as tf.Tensor2D);
      for (const [name, output] of Object.entries(outputs)) made[name] = tf.keep(output);
      return tf.sum(tf.mul(outputs.y, cotangent)) as tf.Scalar;
    }, [x, ...variables]);
    const outputs: Record<string, number> = {};
    for (const [name, output] of Object.entries(made)) {
      outputs[name] = relativeError(
        counted(await output.data(), counts),
        counted(pack(tensorOf(golden.outputs, name)), counts),
      );
    }
    const loss = relativeError(await value.data(), [golden.loss]);
    const gradients = await gradientErrors(golden, places, grads);
    const ofInput = tensorOf(golden.inputGradients, 'x');
    gradients.x = relativeError(counted(await grads[x.name].data(), counts), counted(pack(ofInput), counts));
    tf.dispose([value, grads, made]);
    return goldenReport(golden.name, { outputs, loss, gradients }, toleranceOf(golden));
  } finally {
    tf.dispose([x, cotangent, variables]);
  }
}

/** The rows that count of a packed matrix. */
function counted(values: ArrayLike<number>, counts: readonly boolean[]): number[] {
  const width = values.length / counts.length;
  return Array.from(values).filter((_, at) => counts[Math.floor(at / width)]);
}

/**
 * Five times what the reference loses in float32, at least 1e-6; and where the loss is steep three times what
 * rounding weights and inputs to float32 does to it in the mean, `2^-24 sqrt(sum (w dL/dw)^2) / |L|`: one run of one
 * library may lose less by luck.
 */
export function toleranceOf({
  float32Deviation: lost,
  gradients,
  inputGradients,
  parameters,
  inputs,
  loss,
}: Omit<ModuleGolden, 'config' | 'outputs'>): GoldenMaxima {
  let squares = 0;
  for (const [slopes, values] of [[gradients, parameters] as const, [inputGradients, inputs] as const]) {
    for (const [name, { data }] of Object.entries(slopes)) {
      const at = tensorOf(values, name).data;
      for (const [i, slope] of data.entries()) squares += (slope * at[i]) ** 2;
    }
  }
  return float32Tolerance(lost, (3 * 2 ** -24 * Math.sqrt(squares)) / Math.abs(loss));
}

/** A matrix of so many rows, row-major, by its columns. */
function transposed(matrix: ArrayLike<number>, rows: number): Float32Array {
  const columns = matrix.length / rows;
  return Float32Array.from({ length: matrix.length }, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}

/** Writes the parameters of a file into the weights of ours. */
export function setParameters({ parameters }: Pick<ModuleGolden, 'parameters'>, places: ModuleCheck['places']): void {
  const byVariable = Map.groupBy(Object.entries(places), ([, { variable }]) => variable);
  for (const [variable, own] of byVariable) {
    const width = variable.size / variable.shape[0];
    const values = new Float32Array(variable.size).fill(Number.NaN);
    for (const [name, { begin = 0, isTransposed = false }] of own) {
      const given = tensorOf(parameters, name);
      const data = isTransposed ? transposed(given.data, given.shape[0]) : given.data;
      if (begin * width + data.length > values.length) {
        throw new GoldenError(
          `golden: ${name}: expected at most ${values.length - begin * width} numbers; got ${data.length}`,
        );
      }
      values.set(data, begin * width);
    }
    const missing = values.indexOf(Number.NaN) >= 0 || values.some(Number.isNaN);
    if (missing)
      throw new GoldenError(
        `golden: ${own.map(([name]) => name).join(', ')}: expected ${values.length} numbers; got fewer`,
      );
    tf.tidy(() => void variable.assign(tf.tensor(values, variable.shape)));
  }
}

export async function gradientErrors(
  { gradients }: Pick<ModuleGolden, 'gradients'>,
  places: ModuleCheck['places'],
  grads: tf.NamedTensorMap,
): Promise<Record<string, number>> {
  const got: Record<string, ArrayLike<number>> = {};
  for (const [name, { data }] of Object.entries(gradients)) {
    const place = places[name];
    if (place === undefined) continue;
    const from = (place.begin ?? 0) * (place.variable.size / place.variable.shape[0]);
    const own = (await grads[place.variable.name].data()).slice(from, from + data.length);
    got[name] = place.isTransposed ? transposed(own, place.variable.shape[0]) : own;
  }
  return compareGradients(gradients, got);
}
