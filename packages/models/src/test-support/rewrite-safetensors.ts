import { createHash } from 'node:crypto';

type DType = 'F32' | 'F64' | 'BF16' | 'F16' | 'I64';

/** What another program does to a file of ours. */
export interface Rewrite {
  /** By name, as the Python package does; default true. */
  readonly sort?: boolean;
  /** The type of a float32 tensor in the new file. */
  readonly dtype?: (name: string) => DType;
  readonly metadata?: (metadata: Record<string, string>) => Record<string, string> | undefined;
  readonly keep?: (name: string) => boolean;
  readonly shape?: (name: string, shape: number[]) => number[];
}

interface Tensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly bytes: Uint8Array;
}

/** Writes the tensors of a safetensors file again, with no code of the package: a second opinion on the format. */
export function rewriteSafetensors(file: Uint8Array, options: Rewrite = {}): Buffer {
  const { sort = true, dtype, metadata = (same) => same, keep = () => true, shape = (_, same) => same } = options;
  const whole = Buffer.from(file);
  const start = 8 + Number(whole.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(whole.toString('utf8', 8, start));
  const names = Object.keys(entries).filter(keep);
  if (sort) names.sort();
  const header: Record<string, unknown> = {};
  const changed = metadata({ ...__metadata__ });
  if (changed !== undefined) header.__metadata__ = changed;
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const name of names) {
    const { dtype: own, shape: ownShape, data_offsets: place } = entries[name];
    const bytes = Uint8Array.from(whole.subarray(start + place[0], start + place[1]));
    const tensor = converted({ dtype: own, shape: ownShape, bytes }, own === 'F32' ? dtype?.(name) : undefined);
    const end = at + tensor.bytes.length;
    header[name] = { dtype: tensor.dtype, shape: shape(name, tensor.shape), data_offsets: [at, end] };
    pieces.push(tensor.bytes);
    at = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...pieces]);
}

/** Makes a file one of version 1: one checksum of all bytes in their order. */
export function asVersion1(file: Uint8Array): Buffer {
  const whole = Buffer.from(file);
  const start = 8 + Number(whole.readBigUInt64LE(0));
  const sha256 = createHash('sha256').update(whole.subarray(start)).digest('hex');
  return rewriteSafetensors(whole, {
    sort: false,
    metadata: ({ checksums: _, textsHash: __, ...rest }) => ({ ...rest, version: '1', sha256 }),
  });
}

function converted(tensor: Tensor, dtype: DType | undefined): Tensor {
  if (dtype === undefined || dtype === 'F32') return tensor;
  const values = new Float32Array(tensor.bytes.buffer as ArrayBuffer);
  const width = { F64: 8, I64: 8, BF16: 2, F16: 2 }[dtype];
  const bytes = new DataView(new ArrayBuffer(values.length * width));
  for (const [i, value] of values.entries()) {
    if (dtype === 'F64') bytes.setFloat64(i * 8, value, true);
    else if (dtype === 'I64') bytes.setBigInt64(i * 8, BigInt(Math.round(value)), true);
    // What a float32 keeps when its lower half is cut off.
    else if (dtype === 'BF16') bytes.setUint16(i * 2, bitsOf(value) >>> 16, true);
    else
      (bytes as unknown as { setFloat16(at: number, value: number, little: boolean): void }).setFloat16(
        i * 2,
        value,
        true,
      );
  }
  return { dtype, shape: tensor.shape, bytes: new Uint8Array(bytes.buffer) };
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}
