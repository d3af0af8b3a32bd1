// Draws every [data-chart] with ECharts. The library is loaded when a page has a chart at all.
// Tooltips are drawn on the canvas (richText), so that nothing needs inline style or markup.

import { formatShort, formatValue } from "./format.js";

const drawn = new Map();

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--dh-${name}`).trim();
  return {
    series: [1, 2, 3, 4, 5, 6].map((number) => read(`series-${number}`)),
    text: read("ink"),
    quiet: read("ink-quiet"),
    line: read("line"),
    surface: read("surface"),
    font: getComputedStyle(document.body).fontFamily,
    tone: {
      main: read("sea"),
      good: read("good"),
      warn: read("warn"),
      bad: read("bad"),
      neutral: read("steel"),
    },
  };
}

// Names of categories break into lines and all are shown, as far as there is room for them.
function categoryLabel(given, width, isHorizontal) {
  if (!isHorizontal) return { width: Math.min(190, width * 0.4), overflow: "truncate" };
  const room = (width - 90) / given.data.length - 8;
  return room >= 44 ? { interval: 0, width: room, overflow: "break" } : { hideOverlap: true };
}

function axis(given, { unit, colour, short, width, isHorizontal }) {
  const isValue = given.type === "value" || given.type === "log";
  return {
    axisLine: { show: !isValue, lineStyle: { color: colour.line } },
    axisTick: { show: false },
    splitLine: { show: isValue, lineStyle: { color: colour.line } },
    nameTextStyle: { color: colour.quiet },
    nameLocation: isHorizontal ? "middle" : "end",
    nameGap: isHorizontal ? 30 : 14,
    ...given,
    axisLabel: {
      color: colour.quiet,
      fontSize: 12,
      ...(isValue && short
        ? { formatter: (value) => formatShort(value, unit), hideOverlap: true }
        : categoryLabel(given, width, isHorizontal)),
    },
  };
}

// A waterfall draws the size of a change; the tone says which way it goes.
function signOf(spec, index) {
  if (spec.kind !== "waterfall") return "";
  return { warn: "+", good: "−" }[spec.tones[index]] ?? "";
}

function tooltip(spec, colour) {
  const { kind, unit } = spec;
  const base = {
    renderMode: "richText",
    confine: true,
    backgroundColor: colour.surface,
    borderColor: colour.line,
    textStyle: { color: colour.text, fontSize: 13 },
  };
  if (kind === "radar") return { ...base, trigger: "item", valueFormatter: (value) => formatValue(value, unit) };
  if (kind === "waterfall") {
    return {
      ...base,
      trigger: "item",
      formatter: (at) => `${at.name}\n${signOf(spec, at.dataIndex)}${formatValue(at.value, unit)}`,
    };
  }
  if (kind === "curve") {
    return {
      ...base,
      trigger: "item",
      formatter: (at) =>
        `${at.seriesName}\n${formatValue(at.value[0], unit)} · ${formatValue(at.value[1], "ppm")}`,
    };
  }
  return {
    ...base,
    trigger: "axis",
    axisPointer: { type: "shadow", shadowStyle: { opacity: 0.06 } },
    valueFormatter: (value) => formatValue(value, unit),
  };
}

function series(spec, colour) {
  const flat = spec.kind === "waterfall" || spec.tones.length > 0;
  return spec.option.series.map((one, index) => {
    const styled = { ...one };
    if (one.type === "bar") {
      styled.barMaxWidth = 34;
      styled.itemStyle = { borderRadius: one.stack ? 1 : 3 };
    }
    if (one.type === "line") {
      styled.symbolSize = 5;
      styled.lineStyle = { width: 2.25 };
      styled.showSymbol = one.data.length <= 40;
      if (one.areaStyle) styled.areaStyle = { opacity: 0.1 };
    }
    if (one.type === "radar") {
      styled.symbolSize = 4;
      styled.data = one.data.map((item) => ({ ...item, areaStyle: { opacity: 0.12 } }));
    }
    if (spec.kind === "waterfall" && index === 0) {
      styled.itemStyle = { color: "transparent" };
    } else if (flat && one.type === "bar") {
      styled.data = one.data.map((value, at) => ({
        value,
        itemStyle: { color: colour.tone[spec.tones[at]] ?? colour.tone.main, borderRadius: 3 },
      }));
      styled.label = {
        show: one.data.length <= 12,
        position: spec.option.xAxis?.type === "value" ? "right" : "top",
        color: colour.text,
        fontSize: 12,
        formatter: (at) => signOf(spec, at.dataIndex) + formatShort(at.value, spec.unit),
      };
    }
    return styled;
  });
}

function optionOf(spec, width) {
  const colour = colours();
  const many = spec.option.series.length > 1 && spec.kind !== "waterfall";
  const several = many || (spec.kind === "radar" && spec.option.series[0].data.length > 1);
  const context = { unit: spec.unit, colour, width };
  const option = {
    animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 350,
    color: colour.series,
    textStyle: { fontFamily: colour.font, color: colour.text },
    aria: { enabled: true, decal: { show: false } },
    grid: {
      left: 8,
      right: spec.kind === "curve" ? 16 : 28,
      top: several ? 44 : 28,
      bottom: 8,
      outerBoundsMode: "same",
    },
    legend: { show: several, top: 4, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, textStyle: { color: colour.text } },
    tooltip: tooltip(spec, colour),
    ...spec.option,
    series: series(spec, colour),
  };
  if (option.xAxis) option.xAxis = axis(option.xAxis, { ...context, short: true, isHorizontal: true });
  if (option.yAxis) {
    const unit = spec.kind === "curve" ? "ppm" : spec.unit;
    option.yAxis = axis(option.yAxis, { ...context, unit, short: true });
  }
  if (option.radar) {
    option.radar = {
      radius: "64%",
      center: ["50%", several ? "56%" : "52%"],
      axisName: { color: colour.text, fontSize: 12 },
      splitLine: { lineStyle: { color: colour.line } },
      axisLine: { lineStyle: { color: colour.line } },
      splitArea: { show: false },
      ...option.radar,
    };
  }
  return option;
}

async function draw(element) {
  const { init } = await import(element.dataset.library);
  const spec = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const chart = init(element, null, { renderer: "canvas" });
  chart.setOption(optionOf(spec, element.clientWidth));
  drawn.set(element, chart);
  watcher.observe(element);
}

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) drawn.get(target)?.resize();
});

function forget(root) {
  for (const [element, chart] of drawn) {
    if (!root.contains(element)) continue;
    watcher.unobserve(element);
    chart.dispose();
    drawn.delete(element);
  }
}

/** Draw the charts inside an element that are not drawn yet. */
export function enhanceCharts(root) {
  for (const element of root.querySelectorAll("[data-chart]")) {
    if (!drawn.has(element)) draw(element);
  }
}

document.addEventListener("htmx:beforeCleanupElement", (event) => forget(event.target));
