// Compiles the AssemblyScript kernels of the simd backend: one binary with relaxed SIMD (fused multiply-add), one
// without; and one with relaxed SIMD and an import, by which a native library multiplies (Node alone, when asked for).
// Does nothing when the binaries are as new as their sources. Run by `prepare`, and by the test script.
// `--dist` also copies them beside the built JavaScript, for publishing. `--guarded` makes one that traps where a
// kernel writes outside the regions of its scratch memory (`assembly/regions.ts`), for the tests, and nothing else.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const sources = join(root, 'src/backends/simd/assembly');
const slots = join(root, 'src/backends/simd/slots');
const output = join(root, 'src/backends/simd/wasm');

const shipped = [
  { name: 'relaxed', features: 'simd,relaxed-simd,threads', how: ['-O3', '--noAssert'] },
  { name: 'plain', features: 'simd,threads', how: ['-O3', '--noAssert'] },
  { name: 'relaxed-blas', features: 'simd,relaxed-simd,threads', how: ['-O3', '--noAssert'], blas: 1 },
];
const guarded = process.argv.includes('--guarded');
const variants = guarded
  ? [{ name: 'guarded', features: 'simd,relaxed-simd,threads', how: ['-O1', '--debug'] }]
  : shipped;

const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
for (const folder of [sources, slots]) {
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith('.ts')) hash.update(file).update(readFileSync(join(folder, file)));
  }
}
const digest = hash.digest('hex');
const stamp = join(output, guarded ? 'guarded.sha256' : 'sources.sha256');
const fresh =
  existsSync(stamp) &&
  readFileSync(stamp, 'utf8') === digest &&
  variants.every(({ name }) => existsSync(join(output, `${name}.wasm`)));

/**
 * Constants of `slots` are plain TypeScript too; with the decorator a number is part of the instruction that reads it.
 */
function readFile(name, base) {
  const file = resolve(base, name);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  return file.startsWith(slots) ? text.replace(/^export const /gm, '@inline export const ') : text;
}

if (!fresh) {
  const { main } = await import('assemblyscript/asc');
  mkdirSync(output, { recursive: true });
  for (const { name, features, how, blas = 0 } of variants) {
    const text = join(output, `${name}.wat`);
    const { error, stderr } = await main(
      [
        join(sources, 'index.ts'),
        ...['--outFile', join(output, `${name}.wasm`), '--textFile', text],
        ...['--enable', features],
        ...['--runtime', 'stub', '--use', 'abort=', '--use', `BLAS=${blas}`],
        ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
        ...how,
      ],
      { readFile },
    );
    if (error) {
      console.error(stderr.toString());
      console.error(`build-assembly: the ${name} kernels did not compile: ${error.message}`);
      process.exit(1);
    }
    const scalarRoots = readFileSync(text, 'utf8').match(/\bf(32|64)\.sqrt\b/g)?.length ?? 0;
    rmSync(text);
    if (scalarRoots > 0) {
      console.error(
        `build-assembly: expected no scalar square root in the ${name} kernels; got ${scalarRoots}; use squareRoot of assembly/env.ts, which says why`,
      );
      process.exit(1);
    }
  }
  writeFileSync(stamp, digest);
  console.log(`build-assembly: compiled the ${guarded ? 'guarded ' : ''}simd kernels`);
}

if (process.argv.includes('--dist')) {
  const target = join(root, 'dist/backends/simd/wasm');
  mkdirSync(target, { recursive: true });
  for (const { name } of shipped) copyFileSync(join(output, `${name}.wasm`), join(target, `${name}.wasm`));
}
