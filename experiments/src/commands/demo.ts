import type { CAC } from 'cac';
import { textOption } from '../arguments.ts';
import { THREADS } from '../backend-options.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';

interface Options extends BackendOptions {
  readonly out: unknown;
  readonly quiet?: boolean;
}

export function registerDemo(cli: CAC, _invocation: Invocation): void {
  cli
    .command('demo', 'About a minute: HSTU and a softmax Transformer on a synthetic stream, under one budget')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--quiet', 'No progress')
    .example('  $ seqrec demo')
    .action((options: Options) => run(options));
}

async function run(options: Options): Action {
  const { runDemo } = await import('../studies/demo.ts');
  return runDemo({ out: textOption('out', options.out) ?? 'runs', backend: options, quiet: options.quiet ?? false });
}
