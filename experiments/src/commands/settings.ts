import type { CAC } from 'cac';
import { textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { suggestion } from '../suggest.ts';

interface Options {
  readonly task?: unknown;
  readonly json?: boolean;
}

export function registerSettings(cli: CAC, invocation: Invocation): void {
  cli
    .command('settings [key]', 'Explain the settings of a configuration: values, default, what each is for', {
      allowUnknownOptions: true,
    })
    .usage('settings [KEY] [options] [--model.kind KIND ...]')
    .option('--task <task>', 'Settings of runs of that task (default: retrieval)')
    .option('--json', 'Print JSON')
    .example('  $ seqrec settings')
    .example('  $ seqrec settings training')
    .example('  $ seqrec settings optimizer.schedule')
    .example('  $ seqrec settings model --model.kind hstu')
    .example('  $ seqrec settings evaluation --task ranking')
    .action((key: string | undefined, options: Options) => run(key, options, invocation));
}

async function run(key: string | undefined, { task, json = false }: Options, { overrides }: Invocation): Action {
  const { findSettings } = await import('../config/find-settings.ts');
  const { renderSettings } = await import('../config/render-settings.ts');
  const { taskKinds } = await import('@seqrec/models');
  const kind = textOption('task', task);
  if (kind !== undefined && !taskKinds().includes(kind))
    throw new UsageError(
      `--task: expected one of ${taskKinds().join(', ')}; got "${kind}"`,
      suggestion(kind, taskKinds()),
    );
  const settings = findSettings({
    ...(key !== undefined && { key: String(key) }),
    ...(kind !== undefined && { task: kind }),
    kinds: overrides,
  });
  console.log(json ? JSON.stringify(settings, null, 2) : renderSettings(settings));
  return 0;
}
