import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeElements } from './dtypes.ts';

const half = {
  get: (view: DataView): number =>
    (view as unknown as { getFloat16(at: number, little: boolean): number }).getFloat16(0, true),
};

describe('decodeElements', () => {
  it('reads every float16 as the platform does', () => {
    const halves = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const expected = Float32Array.from(halves, (bits) => {
      const view = new DataView(new ArrayBuffer(2));
      view.setUint16(0, bits, true);
      return half.get(view);
    });
    expect(decodeElements('F16', halves.buffer)).toEqual(expected);
  });

  it('reads a bfloat16 as the float32 with zeros behind it', () => {
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001, 0x8000);
    expect([...decodeElements('BF16', bits.buffer)]).toEqual([1, -2, Number.POSITIVE_INFINITY, 2 ** -133, -0]);
  });

  it('rounds float64 to float32', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        expect(decodeElements('F64', Float64Array.from(values).buffer)).toEqual(Float32Array.from(values));
      }),
    );
  });
});
