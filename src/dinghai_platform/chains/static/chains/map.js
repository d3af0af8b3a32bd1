// The map of a chain: what a circle is and what it is joined to, shown while it is pointed at or
// has the focus. Everything else (drilling down, opening a firm) is a plain link.

function linesOf(mark) {
  return (mark.dataset.tips ?? "").split("\n").filter(Boolean);
}

function show(map, mark) {
  const tip = map.parentElement.querySelector("[data-map-tip]");
  map.classList.add("ch-map-pointed");
  const joined = new Set([mark.dataset.mark]);
  for (const edge of map.querySelectorAll("[data-from]")) {
    const mine = edge.dataset.from === mark.dataset.mark || edge.dataset.to === mark.dataset.mark;
    edge.classList.toggle("ch-joined", mine);
    if (mine) joined.add(edge.dataset.from).add(edge.dataset.to);
  }
  for (const one of map.querySelectorAll("[data-mark]")) {
    one.classList.toggle("ch-joined", joined.has(one.dataset.mark));
  }
  tip.replaceChildren(...linesOf(mark).map((line, place) => {
    const made = document.createElement(place === 0 ? "strong" : "span");
    made.textContent = line;
    return made;
  }));
  tip.hidden = false;
  place(map, mark, tip);
}

function place(map, mark, tip) {
  const room = map.parentElement.getBoundingClientRect();
  const circle = mark.querySelector("circle").getBoundingClientRect();
  const left = circle.left - room.left + map.parentElement.scrollLeft;
  const right = left + circle.width + 8;
  const fits = right + tip.offsetWidth < map.parentElement.scrollLeft + room.width;
  const x = fits ? right : Math.max(0, left - tip.offsetWidth - 8);
  const y = Math.max(0, circle.top - room.top + map.parentElement.scrollTop);
  tip.style.left = `${x}px`;
  tip.style.top = `${y}px`;
}

function hide(map) {
  map.classList.remove("ch-map-pointed");
  const tip = map.parentElement.querySelector("[data-map-tip]");
  tip.hidden = true;
}

for (const [start, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  document.addEventListener(start, (event) => {
    const mark = event.target.closest?.("[data-mark]");
    const map = mark?.closest("[data-chain-map]");
    if (map) show(map, mark);
  });
  document.addEventListener(end, (event) => {
    const map = event.target.closest?.("[data-mark]")?.closest("[data-chain-map]");
    if (map) hide(map);
  });
}

// A circle may have the focus before this is loaded: somebody quick, or a page that is restored.
const focused = document.activeElement?.closest("[data-mark]");
const shown = focused?.closest("[data-chain-map]");
if (shown) show(shown, focused);
