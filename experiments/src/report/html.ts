/** HTML that is safe to insert: made by the `html` tag, or by `raw` from something known to be markup. */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Value = Html | string | number | undefined | readonly Value[];

/** Template tag: text is escaped, nested `Html` is not. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(strings.map((text, i) => text + (i < values.length ? markup(values[i]) : '')).join(''));
}

export function raw(source: string): Html {
  return new Html(source);
}

function markup(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return value.map(markup).join('');
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
