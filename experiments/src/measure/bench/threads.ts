import { figures, type Listing } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { spread } from './statistics.ts';
import { openMaterial, type SubjectRequest, startSubject } from './subject.ts';

export interface ThreadsBench {
  readonly recipe: string;
  readonly tokens: number;
  readonly rounds: number;
  readonly contestants: readonly { readonly threads: number; readonly seconds: readonly number[] }[];
}

const WARM_UP = 3;
const STEPS = 6;

/** Times the same training step on one thread, two and so on, in turn: every round starts the backend anew for each. */
export async function benchThreads(
  request: SubjectRequest & { readonly threads: readonly number[]; readonly rounds: number },
): Promise<ThreadsBench> {
  const progress = new Progress({ quiet: request.quiet });
  const material = await openMaterial(request, progress);
  const contestants = request.threads.map((threads) => ({ threads, seconds: [] as number[] }));
  let tokens = 0;
  progress.start();
  for (let round = 0; round < request.rounds; round++) {
    for (const { threads, seconds } of contestants) {
      const label = `round ${round + 1}/${request.rounds}, ${threads} threads`;
      progress.update({ label, done: round, total: request.rounds, fields: [] });
      const { trainer, model } = await startSubject(material, { backend: 'simd', threads });
      const start = trainer.position;
      for (let i = 0; i < WARM_UP + STEPS; i++) {
        trainer.restorePosition(start);
        const info = await trainer.step();
        tokens = info.tokens;
        if (i >= WARM_UP) seconds.push(info.seconds);
      }
      trainer.dispose();
      model.dispose();
    }
  }
  progress.clear();
  return { recipe: material.name, tokens, rounds: request.rounds, contestants };
}

export function listThreadsBench({ recipe, tokens, rounds, contestants }: ThreadsBench): Listing {
  const base = spread(contestants[0].seconds);
  const rows = contestants.map(({ threads, seconds }) => {
    const own = spread(seconds);
    const ms = [own.minimum, own.median, own.maximum].map((s) => (s * 1000).toFixed(1));
    return [String(threads), ...ms, (base.minimum / own.minimum).toFixed(2), (base.median / own.median).toFixed(2)];
  });
  const titles = ['threads', 'min ms', 'median ms', 'max ms', 'speed-up of minima', 'of medians'];
  const pairs = [
    ['recipe', recipe],
    ['batch', `${tokens} tokens`],
    ['rounds', `${rounds}, in turn, ${STEPS} steps each`],
  ] as const;
  return [{ pairs }, figures(titles, rows, { left: [] })];
}
