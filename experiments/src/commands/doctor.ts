import type { CAC } from 'cac';
import type { Action, Invocation } from '../invocation.ts';

export function registerDoctor(cli: CAC, _invocation: Invocation): void {
  cli
    .command('doctor', 'Show what this machine offers: Node, threads, SIMD, backends, and which kernel runs where')
    .option('--json', 'Print JSON')
    .example('  $ seqrec doctor')
    .example('  $ seqrec doctor --json > doctor.json')
    .action((options: { readonly json?: boolean }) => run(options.json ?? false));
}

async function run(json: boolean): Action {
  const { examine, renderExamination } = await import('../measure/doctor.ts');
  const examination = await examine();
  console.log(json ? JSON.stringify(examination, null, 2) : renderExamination(examination));
  return 0;
}
