/** The element of this id, which index.html has. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** A new element with these properties and what is in it. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Says how things stand, or what went wrong: a reader of the screen then hears it at once. */
export function tell(status: HTMLElement, text: string, { bad = false } = {}): void {
  status.classList.toggle('bad', bad);
  if (status.textContent !== text) status.textContent = text;
}

/** Shows one item a line; nothing is shown of a list without any. */
export function showNotes(list: HTMLElement, notes: readonly string[]): void {
  list.replaceChildren(...notes.map((textContent) => make('li', { textContent })));
  list.hidden = notes.length === 0;
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
  list.hidden = bars.length === 0;
  // Whoever has no mouse scrolls a long list by its focus.
  if (list.scrollHeight > list.clientHeight) list.tabIndex = 0;
  else list.removeAttribute('tabindex');
}

function emptyBar(): HTMLElement {
  const row = make('li');
  row.innerHTML =
    '<span class="name"></span><span class="track"><span class="fill"></span></span><span class="amount"></span>';
  return row;
}
