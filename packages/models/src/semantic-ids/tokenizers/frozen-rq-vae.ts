import { asStored, type Rows, unitRows } from '../vectors/rows.ts';
import { residualCodebooks } from './residual-k-means.ts';
import type { RqVae } from './rq-vae.ts';
import type { Codebooks } from './tokenizer.ts';

/** The weights of the encoder, in float64. */
export async function encoderTensors({ encoder, sizes }: RqVae): Promise<Map<string, Rows>> {
  const tensors = new Map<string, Rows>();
  for (let i = 0; i <= sizes.hiddenSizes.length; i++) {
    const weight = encoder.weight(`${i}.weight`);
    const [count, width] = weight.shape as [number, number];
    const bias = await encoder.weight(`${i}.bias`).data();
    tensors.set(`encoder.${i}.weight`, { count, width, values: Float64Array.from(await weight.data()) });
    tensors.set(`encoder.${i}.bias`, { count: 1, width: count, values: Float64Array.from(bias) });
  }
  return tensors;
}

/** `E_l`, as files keep them. */
export async function bookRows({ books }: RqVae, level: number): Promise<Rows> {
  const book = books.book(level);
  const [count, width] = book.shape;
  const values = Float64Array.from(await book.data());
  book.dispose();
  return asStored({ count, width, values });
}

/** Everything of a trained model that codes are made of. */
export async function frozenTensors(model: RqVae): Promise<Map<string, Rows>> {
  const tensors = await encoderTensors(model);
  for (let level = 0; level < model.sizes.levels; level++) {
    tensors.set(`codebook.${level}`, await bookRows(model, level));
  }
  return tensors;
}

/** The codebooks of an RQ-VAE: the encoder in float64, then what each level leaves. */
export function rqVaeCodebooks(tensors: ReadonlyMap<string, Rows>, levels: number, normalize: boolean): Codebooks {
  const books = Array.from({ length: levels }, (_, level) => tensors.get(`codebook.${level}`)!);
  const quantised = residualCodebooks(books, false);
  return {
    sizes: quantised.sizes,
    tensors,
    encode: (vectors) => quantised.encode!(encodedRows(vectors, tensors, normalize)),
    lastDistances: (vectors, codes) => quantised.lastDistances!(encodedRows(vectors, tensors, normalize), codes),
  };
}

/** `Enc(x)` in float64; `normalize`: of length 1. */
export function encodedRows(vectors: Rows, tensors: ReadonlyMap<string, Rows>, normalize: boolean): Rows {
  let rows = vectors;
  for (let i = 0; tensors.has(`encoder.${i}.weight`); i++) {
    const isLast = !tensors.has(`encoder.${i + 1}.weight`);
    const weight = tensors.get(`encoder.${i}.weight`)!;
    const bias = tensors.get(`encoder.${i}.bias`)!.values;
    const values = new Float64Array(rows.count * weight.count);
    for (let r = 0; r < rows.count; r++) {
      for (let o = 0; o < weight.count; o++) {
        let sum = bias[o];
        for (let j = 0; j < weight.width; j++)
          sum += rows.values[r * rows.width + j] * weight.values[o * weight.width + j];
        values[r * weight.count + o] = isLast ? sum : Math.max(0, sum);
      }
    }
    rows = { count: rows.count, width: weight.count, values };
  }
  return normalize ? unitRows(rows) : rows;
}
