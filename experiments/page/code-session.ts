import {
  type Codes,
  type CodeWriter,
  codeWriter,
  type DenseDecoding,
  generateItems,
  type IncrementalCapabilities,
  isDenseEncoder,
  type Model,
  type ScorerCheck,
} from '@seqrec/models';
import { madeUpTimes, type PageCodes } from '../src/report/page/page-data.ts';
import type { Answer, Answering } from './session.ts';

interface CodeSessionOptions {
  readonly codes: PageCodes;
  readonly latestTime: number | undefined;
}

/** Answers by codes, in beams over those that items have. */
export class CodeSession implements Answering {
  readonly state: IncrementalCapabilities = {
    append: false,
    exact: 'bitwise',
    reason: 'codes are written in beams, whose keys are dropped with the answer',
  };
  readonly #model: Model;
  readonly #writer: CodeWriter;
  readonly #codes: Codes;
  readonly #options: CodeSessionOptions;

  constructor(model: Model, options: CodeSessionOptions) {
    const { sizes, values, temperature, opening } = options.codes;
    const language = opening === undefined ? undefined : { begins: { retrieve: opening } };
    this.#model = model;
    this.#writer = codeWriter(model, { temperature, language });
    this.#codes = { count: values.length / sizes.length, sizes, values: Int32Array.from(values) };
    this.#options = options;
  }

  answer(history: readonly number[], k: number): Promise<Answer> {
    return this.fullPass(history, k);
  }

  async fullPass(history: readonly number[], k: number): Promise<Answer> {
    const began = performance.now();
    const { latestTime } = this.#options;
    const { beams, mask, debias, dense, maxEvents } = this.#options.codes;
    const model = this.#model;
    const items = await generateItems({
      ...{ writer: this.#writer, codes: this.#codes, beams, mask, history, k, maxEvents },
      ...(debias && { debias: { weight: debias.weight, events: Int32Array.from(debias.events) } }),
      ...(dense && isDenseEncoder(model) && { dense: { ...withRows(dense), head: model.dense } }),
      timestamps: madeUpTimes(history.length, latestTime),
      requestTime: latestTime ?? history.length,
    });
    return { items, milliseconds: performance.now() - began };
  }

  check(): Promise<ScorerCheck> {
    throw new Error(`check: expected a model whose state is kept; ${this.state.reason}`);
  }

  async drop(): Promise<void> {}

  dispose(): void {
    this.#model.dispose();
  }
}

function withRows({ added, ...settings }: NonNullable<PageCodes['dense']>): DenseDecoding {
  return { ...settings, ...(added && { added: Int32Array.from(added) }) };
}
