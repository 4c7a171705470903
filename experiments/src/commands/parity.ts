import type { CAC } from 'cac';
import type { Action, Invocation } from '../main.ts';
import type { BackendOptions } from '../training/backend.ts';

interface Options extends BackendOptions {
  readonly verbose?: boolean;
}

export function registerParity(cli: CAC, _invocation: Invocation): void {
  cli
    .command('parity <...files>', 'Compare outputs, loss and gradients with golden files of a reference implementation')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend')
    .example('  $ seqrec parity golden/*.json')
    .example('  $ seqrec parity golden/hstu-2x2.json --backend cpu --verbose')
    .action((files: readonly string[], options: Options) => run(files, options));
}

async function run(files: readonly string[], options: Options): Action {
  const { compareFile, renderComparisons } = await import('../parity/compare.ts');
  const { startBackend } = await import('../training/backend.ts');
  const choice = await startBackend(options);
  const comparisons = [];
  for (const file of files) comparisons.push(await compareFile(file));
  console.log(`backend ${choice.name}: ${choice.reason}\n`);
  console.log(renderComparisons(comparisons, options.verbose ?? false));
  return comparisons.every((comparison) => comparison.within) ? 0 : 1;
}
