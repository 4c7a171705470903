import { existsSync } from 'node:fs';
import type { Collective } from '@seqrec/core/collectives';
import { loadCheckpoint, type Model, shareCheckpoint, type Trainer, withWholeTables } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { hear } from './commands.ts';

/** The run as a rank other than 0 takes part in it: steps, and nothing else. Gives the exit code of rank 0. */
export async function followRun<M extends Model>(ranks: Collective, trainer: Trainer<M>): Promise<number> {
  for (;;) {
    const command = await hear(ranks);
    switch (command.does) {
      case 'begin':
        if (command.checkpoint !== undefined) await load(command.checkpoint, trainer, ranks);
        break;
      case 'step':
        trainer.update.plateau = command.plateau;
        await trainer.advance();
        break;
      case 'tables':
        await trainer.update.averaged(() => withWholeTables(trainer.model, async () => undefined));
        break;
      case 'save':
        await shareCheckpoint(trainer);
        break;
      case 'end':
        return command.code;
    }
  }
}

async function load<M extends Model>(file: string, trainer: Trainer<M>, { rank }: Collective): Promise<void> {
  if (!existsSync(file))
    throw new RunError(
      `${file}: expected the checkpoint of the run on every rank, in a folder that all share; rank ${rank} has none`,
    );
  await loadCheckpoint(file, trainer);
}
