/** The element of this id, which index.html has. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Says how things stand, or what went wrong: a reader of the screen then hears it at once. */
export function tell(status: HTMLElement, text: string, { bad = false } = {}): void {
  status.classList.toggle('bad', bad);
  status.textContent = text;
}

/** What to tell of an error: AnyformerErrors say what to do next, and programs go by their code. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.message} (${error.code})` : error.message;
}

export interface Bar {
  readonly name: string;
  /** In [0, 1]. */
  readonly share: number;
  readonly amount: string;
  readonly isBest?: boolean;
}

/** Shows bars, using the rows that are there again: so they grow and shrink instead of jumping. */
export function showBars(list: HTMLElement, bars: readonly Bar[]): void {
  while (list.children.length > bars.length) list.lastElementChild!.remove();
  while (list.children.length < bars.length) list.append(emptyBar());
  for (const [index, { name, share, amount, isBest = false }] of bars.entries()) {
    const row = list.children[index]!;
    row.classList.toggle('best', isBest);
    const [label, track, figure] = row.children as unknown as HTMLElement[];
    label!.textContent = name;
    label!.title = name;
    (track!.firstElementChild as HTMLElement).style.transform =
      share > 0 ? `translateX(${(100 * (share - 1)).toFixed(2)}%)` : 'translateX(-102%)';
    figure!.textContent = amount;
  }
  // Whoever has no mouse scrolls a long list by its focus.
  list.tabIndex = list.scrollHeight > list.clientHeight ? 0 : -1;
}

function emptyBar(): HTMLElement {
  const row = document.createElement('li');
  row.innerHTML =
    '<span class="name"></span><span class="track"><span class="fill"></span></span><span class="amount"></span>';
  return row;
}
