// Everything a page needs, on load and again for what htmx brings in.

import { enhanceCharts } from "./charts.js";
import "./shell.js";
import { enhanceSliders } from "./sliders.js";
import { enhanceTables } from "./tables.js";

function enhance(root) {
  enhanceTables(root);
  enhanceSliders(root);
  enhanceCharts(root);
}

enhance(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) enhance(event.target.parentElement ?? document);
});
