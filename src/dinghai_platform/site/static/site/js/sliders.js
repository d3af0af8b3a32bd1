// Range inputs that show their value and tell their form, a moment after the last move.

import { formatValue } from "./format.js";

const PAUSE = 150; // milliseconds

const known = new WeakSet();

function enhance(holder) {
  const range = holder.querySelector("input[type=range]");
  const hidden = holder.querySelector("input[type=hidden]");
  const output = holder.querySelector("[data-slider-value]");
  const stops = holder.dataset.stops ? JSON.parse(holder.dataset.stops) : null;
  let waiting = 0;
  range.addEventListener("input", () => {
    const value = stops ? stops[Number(range.value)] : Number(range.value);
    const text = formatValue(value, holder.dataset.unit);
    output.textContent = text;
    range.setAttribute("aria-valuetext", text);
    if (hidden) hidden.value = value;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      holder.dispatchEvent(new CustomEvent("dinghai:slide", { bubbles: true, detail: { value } }));
    }, PAUSE);
  });
}

/** Wake the sliders inside an element. */
export function enhanceSliders(root) {
  for (const holder of root.querySelectorAll("[data-slider]")) {
    if (known.has(holder)) continue;
    known.add(holder);
    enhance(holder);
  }
}
