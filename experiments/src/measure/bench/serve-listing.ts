import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { backendLine } from '../backend-facts.ts';
import type { ServeBench, ServePoint } from './serve.ts';

export function listServeBench(bench: ServeBench): Listing {
  const { shape, points, candidates } = bench;
  return [
    ...lines(
      `HSTU of ${shape.blocks} blocks, ${shape.heads} heads of ${shape.width}, D = ${shape.dim}, position and time bias, items and actions in turn, weights fresh; backend ${backendLine(bench.backend, bench.details)}; ${bench.rounds} rounds, all lengths in turn`,
      'full: the last vector by a pass over all tokens; append: one event, two tokens, behind kept keys and values; vector: an append that waits for the question, and the answer at a moment after it, in one pass',
      `share: of our own 1024 x 1024 x 1024 product in the turns before, ${bench.product.toFixed(1)} GFLOP/s over all; work by formula, the causal half only`,
    ),
    figures(
      [
        'tokens',
        'full ms',
        'GFLOP/s',
        'share',
        'append p50',
        'p99',
        'vector p50',
        'p99',
        'full/append',
        'full/vector',
        'kept',
        'formula',
      ],
      points.map((point) => [
        formatCount(point.tokens),
        point.full.median.toFixed(2),
        point.full.gflops.toFixed(1),
        percent(point.full.share),
        ...[point.append, point.appendEncode].flatMap(({ median, p99 }) => [median.toFixed(2), p99.toFixed(2)]),
        ...[point.ratio, point.ratioEncode].map((ratio) => `${ratio.toFixed(1)}x`),
        formatBytes(point.bytes),
        formatBytes(point.formulaBytes),
      ]),
      { left: [], title: 'one user, milliseconds' },
    ),
    ...peerBlock(bench),
    ...lines(`break-even of append and vector with a full pass: ${breakEvenText(bench)}`),
    figures(
      ['tokens', 'block', 'one by one', 'blocks', 'blocks, kept', 'GFLOP/s', 'share'],
      points.flatMap((point) => candidateCells(point)),
      { left: [], title: `${formatCount(candidates)} candidates of one user, candidates a second` },
    ),
    ...lines(
      `one by one: a pass over history and candidate for each, of ${formatCount(Math.min(...points.map(({ oneByOne }) => oneByOne.measured)))} candidates or more, as if all took as long; blocks: the history is read in the request; kept: its keys and values are there`,
    ),
  ];
}

function peerBlock({ points, torch, missing }: ServeBench): Listing {
  if (missing !== undefined) return lines(`PyTorch: ${missing}`);
  if (torch === undefined) return [];
  const rows = points.flatMap(({ tokens, full, append, peer }) =>
    peer === undefined
      ? []
      : [
          [
            formatCount(tokens),
            full.median.toFixed(2),
            append.median.toFixed(2),
            peer.median.toFixed(2),
            peer.variant,
            ...[peer.ratio, peer.ratioAppend].map((ratio) => `${ratio.toFixed(1)}x`),
          ],
        ],
  );
  const head = ['tokens', 'full ms', 'append ms', 'PyTorch full ms', 'variant', 'PyTorch/full', 'PyTorch/append'];
  return [figures(head, rows, { left: [4], title: `beside a full pass of PyTorch ${torch}, medians` })];
}

function candidateCells({ tokens, oneByOne, candidates }: ServePoint): string[][] {
  return candidates.map(({ microbatch, fresh, cached, rate }) => [
    formatCount(tokens),
    formatCount(microbatch),
    oneByOne.rate.toFixed(1),
    formatCount(Math.round(fresh)),
    formatCount(Math.round(cached)),
    rate.gflops.toFixed(1),
    percent(rate.share),
  ]);
}

function breakEvenText({ breakEven, points }: ServeBench): string {
  if (breakEven !== undefined) return `about ${formatCount(breakEven)} tokens`;
  const [first, last] = [points[0], points[points.length - 1]];
  return first.ratioEncode >= 1
    ? `below ${formatCount(first.tokens)} tokens, the shortest history`
    : `not up to ${formatCount(last.tokens)} tokens, the longest history`;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
