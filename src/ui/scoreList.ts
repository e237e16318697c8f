import type { LabelScore } from '../tasks/labelScores.ts';
import { domElement } from './domElement.ts';

/** The labels with their scores, as a list of bars. */
export class ScoreList {
  // Without its marks, a list is one for Safari's screen reader only by its role.
  readonly element = domElement('ol', { part: 'scores', role: 'list' });

  /** Until the next scores come. */
  setBusy(): void {
    this.element.setAttribute('aria-busy', 'true');
  }

  /**
   * Changes the rows in place, so that the bars move from one result to the next.
   *
   * @param hasAnswer whether the first is the answer, which then stands out.
   * @returns each row as a text: `good, 97.1%`.
   */
  show(
    scores: readonly LabelScore[],
    { hasAnswer, language }: { hasAnswer: boolean; language: string | undefined },
  ): string[] {
    const list = this.element;
    const percent = new Intl.NumberFormat(language, {
      style: 'percent',
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    list.removeAttribute('aria-busy');
    list.hidden = scores.length === 0;
    list.classList.toggle('unsure', !hasAnswer);
    while (list.children.length > scores.length) list.lastElementChild!.remove();
    while (list.children.length < scores.length) list.append(newRow());
    return scores.map(({ label, score }, i) => {
      const row = list.children[i] as HTMLLIElement;
      const [name, value, track] = row.children as unknown as [Element, Element, Element];
      row.classList.toggle('best', hasAnswer && i === 0);
      row.part.toggle('best', hasAnswer && i === 0);
      name.textContent = label;
      value.textContent = percent.format(score);
      (track.firstElementChild as HTMLElement).style.setProperty('--share', String(score));
      return `${label}, ${value.textContent}`;
    });
  }
}

function newRow(): HTMLLIElement {
  const bar = domElement('div', { part: 'bar', class: 'bar' });
  return domElement(
    'li',
    { part: 'row' },
    domElement('span', { part: 'name', class: 'name' }),
    domElement('span', { part: 'score', class: 'score' }),
    domElement('div', { part: 'track', class: 'track', 'aria-hidden': 'true' }, bar),
  );
}
