// Soft changes: only what a graphics card moves by itself, so that a burst of tallies costs the page little.

const STRETCH_MS = 400;
const SLIDE_MS = 500;
const TOUCH_MS = 900;
// Less than that of a bar's track is a pixel or two: it jumps.
const SEEN_PERCENT = 1;
// A row that changes with every tally would never come to rest.
const UNTOUCHED_MS = 4_000;

const still = matchMedia("(prefers-reduced-motion: reduce)");
const touchedAt = new WeakMap();

/** Sets bars to a share of their track; where they are `seen`, they grow or shrink from where they were. */
export function stretch(bars, share, seen) {
  const width = `${(share * 100).toFixed(1)}%`;
  for (const bar of bars) {
    const before = bar.getAttribute("width");
    if (before === width) continue;
    bar.setAttribute("width", width);
    const way = Math.abs(parseFloat(before) - parseFloat(width));
    if (!seen || still.matches || !share || way < SEEN_PERCENT) continue;
    const from = parseFloat(before) / parseFloat(width);
    bar.animate({ transform: [`scaleX(${from})`, "none"] }, { duration: STRETCH_MS, easing: "ease-out" });
  }
}

/** Lets a row be seen to have changed, though not again while it still shows that. */
export function touch(row) {
  const now = Date.now();
  if (still.matches || now - (touchedAt.get(row) ?? 0) < UNTOUCHED_MS) return;
  touchedAt.set(row, now);
  for (const cell of row.cells) {
    if (cell.tagName === "TD") cell.animate({ opacity: [0.35, 1] }, { duration: TOUCH_MS, easing: "ease-out" });
  }
}

/** Moves rows to new places, each visibly from where it stood (first, last, invert, play). */
export function slide(rows, move, seen) {
  if (!seen || still.matches) {
    move();
    return;
  }
  const before = rows.map((row) => row.offsetTop);
  move();
  const after = rows.map((row) => row.offsetTop);
  rows.forEach((row, place) => {
    const way = before[place] - after[place];
    if (way) row.animate({ transform: [`translateY(${way}px)`, "none"] }, { duration: SLIDE_MS, easing: "ease-out" });
  });
}
