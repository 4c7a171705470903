import { AdamWStep, type AdamWStepAttrs } from '../../kernel-names.ts';
import { KERNEL } from '../kernels.ts';
import { alias, CHUNK, override, sizeOf } from './support.ts';

/** Writes parameter and moments in place; the outputs are the inputs' own values. */
export function registerAdamW(name: string): void {
  override(name, AdamWStep, ({ param, m, v, grad }, backend, attrs) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs as unknown as AdamWStepAttrs;
    const n = sizeOf(param);
    const addresses = [param, m, v, grad].map((x) => backend.address(x));
    backend.pool.run(KERNEL.adamw, Math.ceil(n / CHUNK), [...addresses, n, CHUNK], {
      6: 1 - learningRate * weightDecay,
      7: beta1,
      8: 1 - beta1,
      9: beta2,
      10: 1 - beta2,
      11: learningRate / (1 - beta1 ** step),
      12: 1 / Math.sqrt(1 - beta2 ** step),
      13: epsilon,
    });
    return [param, m, v].map((x) => alias(backend, x, x.shape));
  });
}
