import { describeProducts, nativeProducts } from '../run/open/native-products.ts';
import { formatBytes } from '../terminal/format.ts';

/** What a backend says of itself, for people: `threads 2`, `maximumBytes 4.0 GiB`. */
export function backendFacts(details: Readonly<Record<string, unknown>>): string[] {
  const products = nativeProducts({ details });
  return Object.entries(details).map(([key, value]) =>
    key === 'blas' && products !== undefined
      ? `products by ${describeProducts(products)}`
      : `${key} ${plain(key, value)}`,
  );
}

/** A backend and its facts in one line. */
export function backendLine(name: string, details: Readonly<Record<string, unknown>>): string {
  return [name, ...backendFacts(details)].join('; ');
}

function plain(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item) => plain(key, item)).join(', ');
  if (typeof value === 'number' && key.endsWith('Bytes')) return formatBytes(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
