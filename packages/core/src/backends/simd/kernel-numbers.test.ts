import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KERNEL } from './kernels.ts';

test('kernels have numbers of their own, without a gap', () => {
  const numbers = Object.values(KERNEL).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, i) => i));
});

test('every kernel is dispatched, by the function of its name', () => {
  const text = readFileSync(new URL('assembly/dispatch.ts', import.meta.url), 'utf8');
  const cases = Array.from(text.matchAll(/case (.*): (\w+)\(args, task\); break;/g), ([, label, name]) => [
    label,
    name,
  ]);
  expect(cases.map(([label]) => label).sort()).toEqual(
    Object.keys(KERNEL)
      .map((name) => `KERNEL.${name}`)
      .sort(),
  );
  for (const [label, name] of cases) expect(label).toBe(`KERNEL.${name}`);
});
