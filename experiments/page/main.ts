import { showDetails } from './about.ts';
import { hashOf, historyOf, startOptionsOf, unknownIds } from './address.ts';
import { type Catalogue, loadCatalogue, loadWeights } from './catalogue.ts';
import { byId, element } from './dom.ts';
import { Engine } from './engine.ts';
import { HistoryList, renderChoices } from './lists.ts';
import { EngineError, type PageBackend, pageBackends, type StartOptions } from './protocol.ts';
import { searchBox } from './search-box.ts';
import { SharedCodes } from './shared-codes.ts';
import { WorkPanel } from './work.ts';

const SHOWN = 10;
const STARTERS = 8;

const select = byId<HTMLSelectElement>('backend');
const search = byId<HTMLInputElement>('search');
const status = byId('status');
const problem = byId('problem');
const historyList = byId('history');
const work = new WorkPanel();
const nextList = byId('next');

/** Shows what went wrong, or takes it away. */
function showProblem(error?: unknown): void {
  problem.hidden = error === undefined;
  problem.textContent = error instanceof Error ? error.message : String(error ?? '');
}

class Page {
  readonly #catalogue: Catalogue;
  readonly #weights: Uint8Array<ArrayBuffer>;
  readonly #list: HistoryList;
  readonly #showShared: (prefix: readonly number[]) => void;
  #engine: Engine | undefined;
  #history: number[] = [];
  /** Work on the model, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #asked = 0;
  /** What the last address was told. */
  #told: string | undefined;

  constructor(catalogue: Catalogue, weights: Uint8Array<ArrayBuffer>) {
    this.#catalogue = catalogue;
    this.#weights = weights;
    const shared = new SharedCodes(catalogue, (item) => this.add(item));
    this.#showShared = (prefix) => shared.show(prefix);
    this.#list = new HistoryList(historyList, catalogue, (place) => this.#remove(place), this.#showShared);
    const { recipe, dataset, epoch } = catalogue.about;
    const epochs = `${epoch} epoch${epoch === 1 ? '' : 's'}`;
    byId('about').textContent =
      `${recipe}, ${epochs} on ${dataset}, ${catalogue.size.toLocaleString('en')} titles. Everything is computed in this page.`;
    searchBox(catalogue, (item) => this.add(item));
    byId('clear').addEventListener('click', () => {
      this.#change([]);
      search.focus();
    });
    select.addEventListener('change', async () => {
      showProblem();
      await this.start({ backend: select.value as PageBackend });
      this.refresh();
    });
    addEventListener('hashchange', () => this.#readAddress());
  }

  /** Runs the model on a backend; if that fails, on the one before, or on the fastest when that is the same. */
  start(options: StartOptions): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      const before = this.#engine;
      status.textContent = 'Starting the backend';
      select.disabled = true;
      before?.dispose();
      this.#engine = undefined;
      try {
        this.#engine = await this.#open(options);
      } catch (error) {
        showProblem(error);
        const last = before?.parts.choice.name as PageBackend | undefined;
        this.#engine = await this.#open({ backend: last === undefined || last === options.backend ? 'auto' : last });
      }
      await showBackends(this.#engine.parts.choice.name as PageBackend);
      work.begin(this.#engine.parts.state);
      showDetails(this.#engine, this.#catalogue, this.#weights.length);
    });
    this.#queue = this.#queue.catch(showProblem);
    return this.#queue;
  }

  #open(options: StartOptions): Promise<Engine> {
    return Engine.start(options, this.#weights, this.#catalogue.about);
  }

  /** Takes up the history of the address. */
  begin(): void {
    search.disabled = false;
    this.#readAddress();
  }

  #readAddress(): void {
    const { items, unknown } = historyOf(this.#catalogue, location.hash);
    const told = unknownIds(this.#catalogue, unknown);
    if (told !== undefined) showProblem(told);
    else if (this.#told !== undefined && problem.textContent === this.#told) showProblem();
    this.#told = told;
    this.#change(items);
  }

  add(item: number): void {
    this.#change([...this.#history.filter((other) => other !== item), item]);
  }

  #change(history: number[]): void {
    this.#history = history;
    const hash = hashOf(this.#catalogue, history);
    if (hash !== location.hash) globalThis.history.replaceState(null, '', hash || location.pathname + location.search);
    byId('clear').hidden = history.length === 0;
    const note = byId('history-note');
    const limit = this.#engine?.parts.maxEvents ?? 0;
    note.hidden = history.length > 0 && history.length <= limit;
    note.textContent = history.length === 0 ? 'Nothing yet.' : `The model reads the latest ${limit}.`;
    this.#list.show(history);
    this.refresh();
  }

  #remove(place: number): void {
    this.#change(this.#history.filter((_, other) => other !== place));
    // Newest first on the page: what stood below the entry is now in its place.
    const buttons = historyList.querySelectorAll<HTMLElement>('.remove');
    (buttons[Math.min(this.#history.length - place, buttons.length - 1)] ?? search).focus();
  }

  /** Asks the model for the history as it is now; of several changes at once only the last is shown. */
  refresh(): void {
    const asked = ++this.#asked;
    delete document.body.dataset.compared;
    if (this.#history.length === 0) this.#showStarters();
    this.#enqueue(asked, (engine) => (this.#history.length === 0 ? engine.drop() : this.#answer(engine, asked)));
  }

  /** Work for the model, unless the history has changed before its turn. */
  #enqueue(asked: number, task: (engine: Engine) => Promise<void>): void {
    this.#queue = this.#queue
      .then(() => (asked === this.#asked && this.#engine !== undefined ? task(this.#engine) : undefined))
      .catch((error: unknown) => {
        if (!(error instanceof EngineError && error.code === 'device-lost')) return showProblem(error);
        // Drivers reset a GPU now and then; a read that it ended before may have been told. Not awaited: starting
        // is work of the queue too.
        showProblem();
        void this.start({ backend: 'webgpu' }).then(() => this.refresh());
      });
  }

  async #answer(engine: Engine, asked: number): Promise<void> {
    const history = this.#history;
    const { choice } = engine.parts;
    const answer = await engine.answer(history, this.#shownItems);
    work.answered(answer);
    if (asked !== this.#asked) return;
    const { items, milliseconds } = answer;
    byId('next-note').hidden = items.length > 0;
    byId('next-note').textContent = 'The history holds every title.';
    this.#showChoices(items);
    const { threads } = choice.details;
    const where = threads === undefined ? choice.name : `${choice.name}, ${threads} thread${threads === 1 ? '' : 's'}`;
    status.textContent = `${items.length} titles in ${milliseconds.toFixed(1)} ms on ${where}`;
    document.body.dataset.answered = String(history.length);
    if (answer.tokens !== undefined) this.#compare(asked, history);
  }

  /** Shows what a full pass says. The next click goes first, so that it waits for one pass at most. */
  #compare(asked: number, history: readonly number[]): void {
    this.#enqueue(asked, async (engine) => {
      const full = await engine.fullPass(history, this.#shownItems);
      this.#enqueue(asked, async () => {
        const check = await engine.check();
        if (asked !== this.#asked) return;
        work.compared(full, check);
        document.body.dataset.compared = String(history.length);
      });
    });
  }

  get #shownItems(): number {
    return Math.min(SHOWN, this.#catalogue.size);
  }

  #showStarters(): void {
    byId('next-note').hidden = false;
    byId('next-note').textContent = 'Search for something you liked, or begin with a title that is often in the data:';
    status.textContent = '';
    work.clear();
    this.#showChoices(this.#catalogue.popular(STARTERS).map((item) => ({ item })));
    document.body.dataset.answered = '0';
  }

  #showChoices(items: Parameters<typeof renderChoices>[2]): void {
    const focused = [...nextList.children].findIndex((entry) => entry.contains(document.activeElement));
    renderChoices(nextList, this.#catalogue, items, {
      onAdd: (item) => this.add(item),
      onPrefix: this.#showShared,
      similarity: this.#engine?.parts.similarity,
    });
    if (focused >= 0) nextList.children[focused]?.querySelector('button')?.focus();
  }
}

/** The choice of backends: `webgpu` where the browser has an adapter. */
async function showBackends(current: PageBackend): Promise<void> {
  const gpu = (navigator as Partial<Navigator>).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  const labels = { simd: 'simd', webgpu: adapter ? 'webgpu' : 'webgpu (no adapter)', cpu: 'cpu' };
  select.replaceChildren(
    ...pageBackends.map((name) =>
      element(
        'option',
        { value: name, disabled: name === 'webgpu' && !adapter, selected: name === current },
        labels[name],
      ),
    ),
  );
  select.disabled = false;
}

try {
  const [catalogue, weights] = await Promise.all([loadCatalogue(), loadWeights()]);
  const page = new Page(catalogue, weights);
  let options: StartOptions = { backend: 'auto' };
  try {
    options = startOptionsOf(location.search);
  } catch (error) {
    showProblem(error);
  }
  await page.start(options);
  page.begin();
} catch (error) {
  status.textContent = '';
  showProblem(error);
}
