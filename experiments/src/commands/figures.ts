import type { CAC } from 'cac';
import type { Action } from '../invocation.ts';

export function registerFigures(cli: CAC): void {
  cli
    .command(
      'figures',
      'Make the figures of the docs again from docs/results, which bench and reproduce write with --save',
    )
    .usage('figures [--check]')
    .option('--check', 'Write nothing; exit with 1 where a page differs')
    .example('  $ seqrec bench step --recipe ml-1m/hstu --peer all --save')
    .example('  $ seqrec figures')
    .action((options: { readonly check?: boolean }) => run(options.check ?? false));
}

async function run(check: boolean): Action {
  const { docPages, writeDocPages } = await import('../results/docs.ts');
  if (!check) {
    const written = writeDocPages();
    console.log(written.length === 0 ? 'every page is up to date' : `written: ${written.join(', ')}`);
    return 0;
  }
  const stale = [...docPages()].filter(([, { is, should }]) => is !== should).map(([page]) => page);
  if (stale.length > 0) console.error(`differ from docs/results: ${stale.join(', ')}; \`seqrec figures\` writes them`);
  return stale.length > 0 ? 1 : 0;
}
