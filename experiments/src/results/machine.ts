import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Cores by family and model number, as AMD and Intel number them; the models of one core lie in several ranges. */
const AMD: readonly (readonly [family: number, from: number, to: number, name: string])[] = [
  [25, 0x00, 0x0f, 'Zen 3'],
  [25, 0x10, 0x1f, 'Zen 4'],
  [25, 0x20, 0x5f, 'Zen 3'],
  [25, 0x60, 0xaf, 'Zen 4'],
  [26, 0x00, 0xff, 'Zen 5'],
  [23, 0x30, 0xff, 'Zen 2'],
];
const INTEL: Readonly<Record<number, string>> = {
  85: 'Skylake',
  106: 'Ice Lake',
  143: 'Sapphire Rapids',
  173: 'Granite Rapids',
  207: 'Emerald Rapids',
};

/** The core's design, where this is Linux on x86 and the numbers are known; else the processor's own name. */
export function coreName(text = processorText()): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1];
  const [vendor, family, model] = [field('vendor_id'), Number(field('cpu family')), Number(field('model'))];
  if (vendor === 'GenuineIntel' && family === 6 && INTEL[model] !== undefined) return INTEL[model];
  const found = AMD.find(
    ([of, from, to]) => vendor === 'AuthenticAMD' && of === family && from <= model && model <= to,
  );
  return found?.[3] ?? cpus()[0]?.model.trim() ?? 'unknown processor';
}

function processorText(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
