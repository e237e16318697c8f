const columns = [
  { title: 'name', text: ({ name }) => name, left: true },
  { title: 'ours', text: ({ ours }) => digits(ours) },
  { title: 'peer', text: ({ peer }) => digits(peer) },
  { title: 'unit', text: ({ unit }) => unit, left: true },
  { title: 'ratio', text: ({ ratio }) => `${digits(ratio)}x` },
  {
    title: '% of peak',
    text: ({ peakShare }) => (peakShare ? `${(100 * peakShare).toFixed(0)}` : ''),
  },
  { title: 'threads', text: ({ threads }) => `${threads}` },
  { title: 'relaxed', text: ({ relaxed }) => (relaxed ? 'on' : 'off') },
  { title: 'peer is', text: ({ peerName }) => peerName, left: true },
];

/** The results as a table, their notes below it. Ratio: how many times better ours is. */
export function formatTable(results) {
  const cells = [
    columns.map(({ title }) => title),
    ...results.map((result) => columns.map(({ text }) => text(result))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (columns[i].left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  const notes = notesOf(results).map(({ name, note }) => `${name}: ${note}`);
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** What is said of the rows, once each. */
function notesOf(results) {
  const notes = results.flatMap(({ name, note = '' }) =>
    note
      .split('; ')
      .filter(Boolean)
      .map((part) => [`${name}: ${part}`, { name, note: part }]),
  );
  return [...new Map(notes).values()];
}

/** Three significant digits. */
export function digits(value) {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
