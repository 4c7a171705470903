import type { ScorerCheck } from '@seqrec/models';
import { byId } from './dom.ts';
import type { EngineParts } from './protocol.ts';
import type { Answer } from './session.ts';

const milliseconds = (answer: Answer): string => `${answer.milliseconds.toFixed(1)} ms`;
const count = (tokens: number): string => tokens.toLocaleString('en');

/** Shows what the last answer cost: from kept state, and by a full pass, which it is compared with. */
export class WorkPanel {
  readonly #panel = byId('work');
  readonly #cached = byId('work-cached');
  readonly #full = byId('work-full');
  readonly #equal = byId('work-equal');
  readonly #tokens = byId('work-tokens');
  readonly #total = byId('work-total');
  #state: EngineParts['state'] | undefined;
  /** Since the history began. */
  #sum = { computed: 0, full: 0 };

  /** Begins anew, with a model whose state may not be kept: then that is said. */
  begin(state: EngineParts['state']): void {
    this.#state = state;
    const note = byId('work-note');
    note.hidden = state.append;
    // What to do about it is for those who train models: it stands in the details.
    const [reason] = (state.reason ?? '').split('; ');
    note.textContent = state.append ? '' : `Each answer is a pass over the whole history: ${reason}.`;
    this.clear();
  }

  /** There is no history any more. */
  clear(): void {
    this.#panel.hidden = true;
    this.#sum = { computed: 0, full: 0 };
  }

  /** An answer from kept state; the full pass is still to come. */
  answered(answer: Answer): void {
    const { tokens } = answer;
    if (tokens === undefined) return;
    const { computed, full } = this.#sum;
    this.#sum = { computed: computed + tokens.computed, full: full + tokens.full };
    this.#panel.hidden = false;
    this.#cached.textContent = milliseconds(answer);
    this.#tokens.textContent = `${count(tokens.computed)} of ${count(tokens.full)} tokens`;
    this.#total.textContent = `${count(this.#sum.computed)} of ${count(this.#sum.full)} so far`;
    this.#full.textContent = '…';
    this.#equal.textContent = 'comparing';
    this.#equal.className = 'note';
  }

  compared(full: Answer, { equal, error }: ScorerCheck): void {
    this.#full.textContent = milliseconds(full);
    this.#equal.textContent = equal ? 'equal bits' : `differs by ${error.toExponential(0)}`;
    const allowed = this.#state?.exact === 'bitwise' ? 0 : (this.#state?.exact ?? 0);
    if (!equal && error > allowed) this.#equal.className = 'note wrong';
  }
}
