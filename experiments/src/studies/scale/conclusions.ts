import { siNumber } from '../../report/plots/line-figure.ts';
import { type Fit, isAtEnd } from './fit.ts';
import type { EncoderLaw } from './frontier.ts';

/**
 * What the frontiers say, in plain sentences: the best encoder at the least and at the largest compute by each
 * quantity, how much each gained over the range, and whether the intervals of the exponents tell them apart.
 */
export function conclusions(laws: readonly EncoderLaw[]): string[] {
  const byQuantity = Map.groupBy(laws, ({ quantity }) => quantity);
  return Array.from(byQuantity, ([quantity, own]) => {
    const sentences: string[] = [];
    const measured = own.filter(({ best }) => best.length > 0);
    const levels = [...new Set(measured.flatMap(({ best }) => best.map(({ mark }) => mark)))].sort((a, b) => a - b);
    const sign = quantity.better === 'lower' ? 1 : -1;
    for (const level of new Set([levels[0], levels[levels.length - 1]])) {
      const there = measured.flatMap(({ encoder, best }) => {
        const point = best.find(({ mark }) => mark === level);
        return point === undefined ? [] : [{ encoder, value: quantity.value(point) }];
      });
      there.sort((a, b) => sign * (a.value - b.value));
      const [first, ...others] = there.map(({ encoder, value }) => `${encoder} ${value.toFixed(4)}`);
      sentences.push(
        `At ${siNumber(level)} FLOP: ${first} is best${others.length > 0 ? `, then ${others.join(', ')}` : ''}.`,
      );
    }
    const exponents = measured.flatMap(({ encoder, fits }) => {
      const power = fits.find(({ law, c }) => law === 'power' && c !== undefined);
      return power === undefined ? [] : [{ encoder, fit: power }];
    });
    if (exponents.length > 1) sentences.push(exponentSentence(exponents));
    return `By ${quantity.name}. ${sentences.join(' ')}`;
  });
}

function exponentSentence(exponents: readonly { readonly encoder: string; readonly fit: Fit }[]): string {
  const shown = exponents.map(({ encoder, fit }) => `${encoder} ${fit.c!.toPrecision(2)}`).join(', ');
  // At an end of the range the points do not tell the power law from the logarithm, or from a step.
  const ended = exponents.filter(({ fit }) => isAtEnd(fit.c!)).map(({ encoder }) => encoder);
  const told = exponents.filter(({ encoder }) => !ended.includes(encoder));
  const intervals = told.flatMap(({ fit }) => (fit.intervals?.c === undefined ? [] : [fit.intervals.c]));
  const without = told.filter(({ fit }) => fit.intervals?.c === undefined).map(({ encoder }) => encoder);
  const apart = intervals.some((a, i) => intervals.some((b, k) => k > i && (a.high < b.low || b.high < a.low)));
  const cannotTell = 'this study cannot tell that one scales better than another';
  const verdict = apart
    ? 'the intervals of some of them do not meet: these encoders scale differently'
    : without.length > 0
      ? `no interval for ${without.join(', ')}, of too few shapes: ${cannotTell}`
      : told.length < 2
        ? cannotTell
        : `their intervals meet: ${cannotTell}`;
  const atEnd =
    ended.length === 0
      ? ''
      : ` c of ${ended.join(', ')} is at an end of its range and tells nothing, so it takes no part.`;
  return `Exponents of a + b C^-c: ${shown}; ${verdict}.${atEnd}`;
}
