import { fromFloat16 } from '@seqrec/data';

/** Bytes of an element, for every type that the format knows and whose elements are whole bytes. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type DType = keyof typeof ELEMENT_BYTES;

export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(ELEMENT_BYTES, name);
}

/** Types that are read as they are. */
export type OwnDType = 'F32' | 'I32';
/** Types that are read as float32. */
export const CONVERTED = ['F64', 'F16', 'BF16'] as const;
export type ConvertedDType = (typeof CONVERTED)[number];

export function isConverted(dtype: DType): dtype is ConvertedDType {
  return (CONVERTED as readonly DType[]).includes(dtype);
}

export function isReadable(dtype: DType): dtype is OwnDType | ConvertedDType {
  return dtype === 'F32' || dtype === 'I32' || isConverted(dtype);
}

/** The numbers of some elements; the bytes are aligned. float64 is rounded to float32, the others are exact. */
export function decodeElements(
  dtype: OwnDType | ConvertedDType,
  buffer: ArrayBuffer,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16':
      return fromBfloat16(new Uint16Array(buffer));
    case 'F16':
      return fromFloat16(new Uint16Array(buffer));
  }
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}
