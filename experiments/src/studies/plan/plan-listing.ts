import { formatBytes, formatCount } from '../../terminal/format.ts';
import { type Block, figures, type Listing, lines } from '../../terminal/listing.ts';
import type { NetworkPlan, PlanResult } from './plan.ts';
import type { PlanPoint } from './points.ts';
import { milliseconds, partitionName, reasonOf } from './reason.ts';

const TITLES = [
  'ranks',
  'step ms',
  'compute ms',
  'tables ms',
  'sum ms',
  'losses ms',
  'speed-up',
  'sent a rank, most',
  'mean',
  'compute, max/mean',
  'rows, max/mean',
  'idle ranks',
  'memory a rank',
];

export function listPlan(plan: PlanResult): Listing {
  return [
    { pairs: facts(plan) },
    ...lines(
      'A model, not a measurement: real ids of real batches are counted, times are alpha + bytes / beta of each collective and the compute of the slowest rank. It knows no overlap, no noise and no contention.',
    ),
    ...plan.networks.flatMap((network) => ofNetwork(network)),
    ...lines(...notes(plan)),
  ];
}

function facts(plan: PlanResult): [string, string][] {
  const { tables, standIn, compute, memory } = plan;
  const size = (numbers: number): string => `${formatCount(numbers)} numbers`;
  const ofTables = tables
    .map(({ rows, width, frozen }) => `${formatCount(rows)} x ${width}${frozen ? ' (frozen)' : ''}`)
    .join(', ');
  const trained = tables.some(({ frozen }) => !frozen);
  const pairs: [string, string][] = [
    ['recipe', `${plan.recipe}, ${plan.data}`],
    [
      'batch',
      `${unitsOf(plan)}${plan.tokens === 0 ? '' : `, ${formatCount(plan.tokens)} tokens`}, mean of ${plan.steps} steps`,
    ],
    [
      'tables',
      `${ofTables || 'none'}${trained ? `; replicated they are trained ${plan.trained === 'rows' ? 'by rows' : 'densely'}` : ''}`,
    ],
    [
      'dense weights',
      `${size(plan.denseNumbers)}${plan.shardOptimizer ? '; each has an owner, which alone keeps its moments' : ''}`,
    ],
    [
      'compute',
      `${compute.source}, ${plan.threads} thread${plan.threads === 1 ? '' : 's'} a rank; ${milliseconds(compute.fixed)} ms of it whatever the batch`,
    ],
  ];
  if (standIn !== undefined)
    pairs.push([
      'stand-in',
      `ids of the largest table by Zipf's law over ${formatCount(standIn.rows)} rows, exponent ${standIn.exponent}, the most popular first`,
    ]);
  if (memory !== undefined) pairs.push(['memory', `at most ${formatBytes(memory)} a rank`]);
  return pairs;
}

/** Rows that a ranker scores have no tokens. */
function unitsOf({ sequences, tokens }: PlanResult): string {
  return `${formatCount(sequences)} ${tokens === 0 ? 'rows' : 'sequences'}`;
}

function ofNetwork({ network, atOnce, points, refused, explained }: NetworkPlan): Listing {
  const { name, latency, bandwidth, source } = network;
  const shared = atOnce === undefined ? '' : `; ${atOnce} ranks at once, more take turns`;
  const title = `${name}: alpha ${Number((latency * 1e6).toPrecision(3))} us, beta ${Number((bandwidth / 1e9).toPrecision(3))} GB/s (${source})${shared}`;
  const blocks: Block[] = [figures(TITLES, points.map(pointRow), { title })];
  if (refused.length > 0)
    blocks.push({
      lines: [
        `no room on ${refused.map(({ ranks }) => ranks).join(', ')} ranks: even with every table cut by rows one of them would hold more than --memory`,
      ],
    });
  if (explained !== undefined && explained.tables.length > 0)
    blocks.push(
      figures(
        ['table', 'rows', 'width', 'partition', 'sent or received, most', 'memory a rank', 'why'],
        explained.tables.map((table) => [
          table.name,
          formatCount(table.rows),
          String(table.width),
          partitionOf(table.chosen.partition),
          formatBytes(Math.round(table.chosen.bytes)),
          formatBytes(table.chosen.memory),
          reasonOf(table),
        ]),
        { left: [0, 3, 6], title: `Tables on ${explained.ranks} ranks, ${name}` },
      ),
    );
  return blocks;
}

function partitionOf(partition: Parameters<typeof partitionName>[0] & { readonly rank?: number }): string {
  return partition.rank === undefined
    ? partitionName(partition)
    : `${partitionName(partition)}, rank ${partition.rank}`;
}

function pointRow(point: PlanPoint): string[] {
  const { ranks, seconds, compute, tables, sum, losses, speedUp, sentMost, sentMean, memory } = point;
  return [
    String(ranks),
    ...[seconds, compute, tables, sum, losses].map(milliseconds),
    speedUp.toFixed(2),
    formatBytes(Math.round(sentMost)),
    formatBytes(Math.round(sentMean)),
    point.imbalance.toFixed(2),
    point.imbalanceOfRows.toFixed(2),
    String(Math.round(point.idle)),
    formatBytes(memory),
  ];
}

function notes(plan: PlanResult): (string | false)[] {
  const all = plan.networks.flatMap(({ points }) => points);
  const idle = all.some(({ ranks }) => ranks > plan.sequences);
  const cut = all.some(({ partitions }) => partitions.some((kind) => kind !== 'replicated'));
  return [
    idle && `of more ranks than the ${unitsOf(plan)} of a batch some have nothing to do; raise --training.batchSize`,
    cut &&
      plan.trained === 'dense' &&
      plan.tables.some(({ frozen }) => !frozen) &&
      !plan.regularised &&
      'a table that is cut up is trained by rows on its owners, which is another rule than the dense one of this recipe: rows that a step does not read keep their moments',
    cut && plan.regularised && 'the regulariser moves every row on its owner, which takes time that is not counted',
    'memory: weights, moments, means, gradients, and the rows of a step with theirs; activations are not counted',
  ];
}
