import { durationOption, textOption } from '../../arguments.ts';
import { UsageError } from '../../errors.ts';
import { formatDuration } from '../../terminal/format.ts';

/** What all trials together may take. */
export type Budget =
  | { readonly unit: 'flops'; readonly most: number }
  | { readonly unit: 'seconds'; readonly most: number };

/** `20m`, `2h`: time of training and evaluations; `1e14`: floating-point operations of training. */
export function budgetOption(name: string, value: unknown): Budget | undefined {
  const text = textOption(name, value);
  if (text === undefined) return undefined;
  const flops = text.trim() === '' ? Number.NaN : Number(text);
  if (flops > 0 && Number.isFinite(flops)) return { unit: 'flops', most: flops };
  if (!/^\d+(?:\.\d+)?[smh]$/.test(text))
    throw new UsageError(
      `--${name}: expected a time such as 20m or 2h, or floating-point operations such as 1e14; got "${text}"`,
    );
  return { unit: 'seconds', most: durationOption(name, text) as number };
}

/** `1.0e+14 FLOP`, `20 min 00 s`. */
export function inWords({ unit }: Pick<Budget, 'unit'>, amount: number): string {
  return unit === 'flops' ? `${amount.toExponential(2)} FLOP` : formatDuration(amount);
}
