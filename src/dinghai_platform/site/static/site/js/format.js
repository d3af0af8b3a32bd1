// Values as the page writes them. Amounts arrive in fen, ratios in parts per million.

const chinese = document.documentElement.lang.startsWith("zh");
const locale = chinese ? "zh-CN" : "en";

const plain = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
const yuan = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const magnitudes = chinese
  ? [[1e10, "亿"], [1e6, "万"]]
  : [[1e11, "bn"], [1e8, "m"], [1e5, "k"]];

function shortMoney(fen) {
  const sign = fen < 0 ? "-" : "";
  const size = Math.abs(fen);
  const [unit, name] = magnitudes.find(([least]) => size >= least) ?? [100, ""];
  return `${sign}¥${plain.format(size / unit)}${name}`;
}

/** Full text of a value. */
export function formatValue(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return "—";
  switch (unit) {
    case "fen": return `${value < 0 ? "-" : ""}¥${yuan.format(Math.abs(value) / 100)}`;
    case "ppm": return `${(value / 1e4).toFixed(2)}%`;
    case "score": return (value / 1e4).toFixed(1);
    case "ratio": return `×${plain.format(value)}`;
    default: return plain.format(value);
  }
}

/** The same in the space of an axis. */
export function formatShort(value, unit) {
  switch (unit) {
    case "fen": return shortMoney(value);
    case "ppm": return `${plain.format(value / 1e4)}%`;
    case "score": return plain.format(value / 1e4);
    default: return formatValue(value, unit);
  }
}
