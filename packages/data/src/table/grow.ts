type Numbers = Int32Array | Float32Array | Float64Array | Uint32Array;

/** The same values in an array of at least `length`, half as long again as before at least. */
export function grown<A extends Numbers>(values: A, length: number): A {
  const make = values.constructor as new (length: number) => A;
  const next = new make(Math.max(length, 64, Math.ceil(1.5 * values.length)));
  next.set(values as never);
  return next;
}
