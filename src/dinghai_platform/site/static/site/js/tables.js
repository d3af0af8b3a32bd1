// Tables that sort by their headings, filter by a word and export what is shown as CSV.
// Server pages stay as they are: this works on the rows that are here.

const number = /^[^\d-]*-?[\d,]+(\.\d+)?\s*%?$/;

function sortKey(cell) {
  if (!cell) return "";
  if (cell.dataset.sort !== undefined) return cell.dataset.sort;
  const machine = cell.querySelector("data[value], time[datetime]");
  return machine ? machine.getAttribute("value") ?? machine.getAttribute("datetime") : cell.textContent.trim();
}

function asNumber(text) {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return number.test(text) ? Number(text.replace(/[^\d.-]/g, "")) : NaN;
}

function compare(one, other) {
  if (one === "" || other === "") return (one === "") - (other === ""); // unknown goes last
  const [left, right] = [asNumber(one), asNumber(other)];
  if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return one.localeCompare(other, document.documentElement.lang, { numeric: true });
}

class Table {
  constructor(holder) {
    this.holder = holder;
    this.body = holder.querySelector("tbody");
    this.headings = [...holder.querySelectorAll("thead tr:last-child th")];
    this.rows = [...this.body.rows];
    this.tools = holder.querySelector(".dh-table-tools");
    this.filter = holder.querySelector("[data-table-filter]");
    this.none = holder.querySelector("[data-table-none]");
    this.count = holder.querySelector("[data-table-count]");
    this.headings.forEach((heading, column) => this.makeSortable(heading, column));
    this.filter?.addEventListener("input", () => this.show());
    holder.querySelector("[data-table-export]")?.addEventListener("click", () => this.export());
    this.tools.hidden = !(this.filter && this.rows.length > 5) && !holder.dataset.export;
    if (this.filter && this.rows.length <= 5) this.filter.closest("label").hidden = true;
    this.show();
  }

  makeSortable(heading, column) {
    if (heading.dataset.sort === "none" || heading.textContent.trim() === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dh-sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => this.sort(heading, column));
  }

  sort(heading, column) {
    const direction = heading.ariaSort === "ascending" ? "descending" : "ascending";
    for (const other of this.headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = this.rows.map((row, place) => ({ row, place, key: sortKey(row.cells[column]) }));
    keyed.sort((one, other) => {
      const order = compare(one.key, other.key);
      const known = one.key !== "" && other.key !== "";
      return (known ? sign * order : order) || one.place - other.place;
    });
    this.rows = keyed.map(({ row }) => row);
    this.body.append(...this.rows);
  }

  show() {
    const wanted = (this.filter?.value ?? "").trim().toLocaleLowerCase();
    let shown = 0;
    for (const row of this.rows) {
      row.hidden = wanted !== "" && !row.textContent.toLocaleLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    if (this.none) this.none.hidden = shown > 0 || this.rows.length === 0;
    this.count.textContent = wanted === ""
      ? ""
      : this.holder.dataset.countWords.replace("{shown}", shown).replace("{all}", this.rows.length);
  }

  export() {
    const text = (cell) => cell.innerText.trim().replace(/\s+/g, " ");
    // A leading sign would make a spreadsheet compute: it is quoted as text.
    const safe = (value) => (/^[=+@\t]|^-(?!\d)/.test(value) ? `'${value}` : value);
    const quote = (value) => `"${safe(value).replaceAll('"', '""')}"`;
    const line = (cells) => cells.map((cell) => quote(text(cell))).join(",");
    const rows = this.rows.filter((row) => !row.hidden).map((row) => line([...row.cells]));
    const csv = `\uFEFF${[line(this.headings), ...rows].join("\r\n")}\r\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = this.holder.dataset.export;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

const known = new WeakSet();

/** Give every [data-table] inside an element its tools. */
export function enhanceTables(root) {
  for (const holder of root.querySelectorAll("[data-table]")) {
    if (known.has(holder) || !holder.querySelector("tbody")) continue;
    known.add(holder);
    new Table(holder);
  }
}
