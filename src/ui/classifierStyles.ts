/**
 * The look of the classifier. All colours but three are made of the page's own text colour, so that it
 * is readable wherever the page is, light or dark; the three are seen on both.
 */
const CSS = `
:host {
  --accent: var(--anyformer-accent, #5a72e6);
  --danger: var(--anyformer-danger, #d9463e);
  --doubt: var(--anyformer-doubt, #c98a1b);
  --border: var(--anyformer-border, color-mix(in srgb, currentColor 45%, transparent));
  --track: var(--anyformer-track, color-mix(in srgb, currentColor 12%, transparent));
  --radius: var(--anyformer-radius, 8px);
  --gap: var(--anyformer-gap, 14px);
  display: block;
  max-inline-size: 40rem;
  line-height: 1.45;
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
.root { display: grid; gap: var(--gap); }
.field { display: grid; gap: 6px; }
label { font-weight: 600; }
textarea {
  inline-size: 100%;
  min-block-size: 5.5em;
  padding: 10px 12px;
  border: 1px solid var(--border);
  border-radius: var(--radius);
  background: color-mix(in srgb, currentColor 4%, transparent);
  color: inherit;
  font: inherit;
  font-size: max(1em, 16px);
  resize: vertical;
}
textarea::placeholder { color: inherit; opacity: 0.65; }
textarea:focus-visible, button:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 1px;
}
textarea:disabled, button:disabled { opacity: 0.55; cursor: not-allowed; }
p { margin: 0; }
.status { min-block-size: 1.45em; opacity: 0.8; font-size: 0.9em; }
.status.heard { position: absolute; inline-size: 1px; block-size: 1px; min-block-size: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.doubt {
  padding: 10px 12px;
  border: 1px solid var(--doubt);
  border-inline-start-width: 5px;
  border-radius: var(--radius);
  opacity: 1;
  font-size: 1em;
}
.doubt strong { display: block; }
.progress { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: var(--gap); }
.loaded { font-size: 0.9em; font-variant-numeric: tabular-nums; }
.error {
  display: grid;
  justify-items: start;
  gap: 8px;
  padding: 10px 12px;
  border: 1px solid var(--danger);
  border-inline-start-width: 5px;
  border-radius: var(--radius);
  overflow-wrap: anywhere;
}
button {
  padding: 6px 14px;
  border: 1px solid var(--border);
  border-radius: var(--radius);
  background: transparent;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
button:hover:enabled { background: var(--track); }
ol { display: grid; gap: 10px; margin: 0; padding: 0; list-style: none; }
li { display: grid; grid-template-columns: 1fr auto; gap: 3px var(--gap); }
.name { overflow-wrap: anywhere; }
.score { font-variant-numeric: tabular-nums; }
.best .name, .best .score { font-weight: 600; }
.track { grid-column: 1 / -1; block-size: 8px; border-radius: 4px; background: var(--track); overflow: hidden; }
.bar {
  block-size: 100%;
  inline-size: calc(var(--share) * 100%);
  border-radius: inherit;
  background: color-mix(in srgb, var(--accent) 55%, transparent);
  transition: inline-size 200ms ease-out;
}
.best .bar { background: var(--accent); }
.unsure .bar { background: var(--border); }
.progress .track { grid-column: auto; }
.filled {
  block-size: 100%;
  inline-size: calc(var(--share) * 100%);
  background: var(--accent);
}
.moving {
  block-size: 100%;
  inline-size: 30%;
  border-radius: inherit;
  background: var(--accent);
  animation: move 1.4s ease-in-out infinite alternate;
}
@keyframes move { to { margin-inline-start: 70%; } }
@keyframes fade { to { opacity: 0.35; } }
ol[aria-busy='true'] { opacity: 0.6; }
@media (prefers-reduced-motion: reduce) {
  .bar { transition: none; }
  .moving { inline-size: 100%; animation: fade 1s ease-in-out infinite alternate; }
}
@media (forced-colors: active) {
  .track { border: 1px solid CanvasText; }
  .bar, .best .bar, .unsure .bar, .moving, .filled { background: Highlight; forced-color-adjust: none; }
}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet for all elements. Made by script, which a policy of `style-src 'self'` allows. */
export function classifierStyles(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
