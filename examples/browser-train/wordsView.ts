import { find, make } from './dom.ts';
import { MOST_WORDS, type Piece } from './importance.ts';
import { listOf } from './plainWords.ts';

const box = find('words-box');
const words = find('words');
const status = find('words-status');

/** A word that takes less than this from the score does not matter. */
const LEAST = 0.01;
/** Words that are named. */
const NAMED = 3;

/** Shows a text with the words marked that mattered, the more the stronger. */
export function showWords(pieces: readonly Piece[], label: string): void {
  const tried = pieces.filter(({ worth }) => worth !== undefined);
  box.hidden = tried.length === 0;
  const most = Math.max(LEAST, ...tried.map(({ worth }) => worth!));
  words.replaceChildren(
    ...pieces.map(({ text, worth = 0 }) => {
      if (worth < LEAST) return text;
      const mark = make(
        'mark',
        { title: `Without it: ${Math.round(100 * worth)} points less` },
        text,
      );
      mark.style.setProperty('--worth', (worth / most).toFixed(2));
      mark.classList.toggle('strong', worth > 0.6 * most);
      return mark;
    }),
  );
  const named = tried
    .filter(({ worth }) => worth! >= LEAST)
    .sort((a, b) => b.worth! - a.worth!)
    .slice(0, NAMED)
    .map(({ text }) => `“${text}”`);
  status.textContent = [
    named.length > 0
      ? `Without ${listOf(named)} it would be less sure of “${label}”.`
      : 'No word matters alone: it is as sure without any one of them.',
    ...(tried.length === MOST_WORDS ? [`Only the first ${MOST_WORDS} words were tried.`] : []),
  ].join(' ');
}

export function hideWords(): void {
  box.hidden = true;
  words.replaceChildren();
  status.textContent = '';
}
