import { existsSync } from 'node:fs';
import type { Collective } from '@seqrec/core/collectives';
import { loadCheckpoint, type Model, shareCheckpoint, type Trainer } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { hear } from './commands.ts';
import { evaluateTest, evaluateWatched, isShared, type SharedJudge } from './evaluate-together.ts';

/** The run as a rank other than 0 takes part in it: steps, shares of evaluations. Gives the exit code of rank 0. */
export async function followRun<M extends Model, E>(
  ranks: Collective,
  { trainer, judge }: { readonly trainer: Trainer<M>; readonly judge: Partial<SharedJudge<M, E>> },
): Promise<number> {
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
      case 'evaluate':
        if (isShared(judge))
          await (command.set === 'watched'
            ? evaluateWatched(trainer, judge, ranks)
            : evaluateTest(trainer.model, judge, ranks));
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
