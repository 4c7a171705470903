import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BestFew } from './best-few.ts';

it('keeps what a stable sort has first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6 })), fc.integer({ min: 1, max: 5 }), (scores, most) => {
      const best = new BestFew<number>(most);
      for (const [i, score] of scores.entries()) {
        const before = best.all.length;
        const takes = best.takes(score);
        best.add(score, i);
        expect(best.all.includes(i)).toBe(takes);
        expect(best.all.length).toBe(Math.min(most, before + 1));
      }
      const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
      expect(best.all).toEqual(order.slice(0, most));
    }),
  );
});
