import type { CAC } from 'cac';
import type { Action, Invocation } from '../invocation.ts';

export function registerReport(cli: CAC, _invocation: Invocation): void {
  cli
    .command('report <run>', 'Rebuild report.html of a run from the files in its folder')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .example('  $ seqrec report latest')
    .example('  $ seqrec report runs/ml-1m-hstu-20250101-120000-a1b2c3')
    .action((run: string, options: { readonly out: string }) => rebuild(run, options.out));
}

async function rebuild(run: string, out: string): Action {
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { writeReport } = await import('../report/report.ts');
  console.log(writeReport(openRunDir(out, run)));
  return 0;
}
