// The claim workbench: a changed fact asks for the decision it would make, can be undone, and is
// found again. What the facts mean is the server's business; without this the form's buttons work.

const PAUSE = 450; // milliseconds after the last key
const form = document.getElementById("bench");

class Bench {
  constructor() {
    this.rows = [...form.querySelectorAll("[data-fact]")];
    this.sheets = [...form.querySelectorAll("[data-bench-sheet]")];
    this.parties = [...form.querySelectorAll(".cl-party select, .cl-party input")];
    this.kept = new Map(this.rows.map((row) => [row, stateOf(row)]));
    this.last = new Map(this.kept);
    this.partiesKept = this.parties.map((control) => control.value);
    this.undone = [];
    this.typing = null;
    this.waiting = 0;
    this.leaving = false;
    this.busy = false;
    this.pressed = null; // the button that waits for an answer
    this.find("[data-bench-tools]").hidden = false;
    for (const name of ["undo", "reset"]) this.find(`[data-bench-${name}]`).hidden = false;
    this.find("[data-bench-plain]").hidden = true;
    for (const row of this.rows) row.querySelector("[data-bench-papers]").hidden = false;
    this.listen();
    this.mark();
    this.show();
  }

  find(selector) {
    return document.querySelector(selector);
  }

  listen() {
    form.addEventListener("input", (event) => this.typed(event.target));
    form.addEventListener("change", (event) => this.changed(event.target));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input")) return;
      event.preventDefault(); // Enter tries; only the button keeps
      this.ask(0);
    });
    form.addEventListener("click", (event) => {
      const back = event.target.closest("[data-bench-back]");
      if (back) this.putBack(back.closest("[data-fact]"));
    });
    form.addEventListener("toggle", (event) => this.choose(event.target), true);
    form.addEventListener("htmx:beforeRequest", () => { this.busy = true; });
    form.addEventListener("htmx:afterRequest", () => this.answered());
    form.addEventListener("submit", (event) => this.submit(event));
    this.find("[data-bench-undo]").addEventListener("click", () => this.undo());
    this.find("[data-bench-reset]").addEventListener("click", () => this.reset());
    this.find("[data-bench-search]").addEventListener("input", () => this.show());
    this.find("[data-bench-filter]").addEventListener("change", () => this.show());
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => this.jump(event));
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.changedRows().length) event.preventDefault();
    });
  }

  // --- trying ----------------------------------------------------------------------------------

  typed(control) {
    const row = control.closest("[data-fact]");
    if (!row || !control.matches("[data-bench-value]")) return;
    const status = row.querySelector("[data-bench-status]");
    status.value = control.value.trim() === "" ? "unknown" : "known";
    if (this.typing === control) this.last.set(row, stateOf(row)); // one step for all its keys
    else this.remember(row);
    this.typing = control;
    this.mark();
    this.ask(PAUSE);
  }

  changed(control) {
    const row = control.closest("[data-fact]");
    if (control.closest(".cl-papers")) this.cite(row);
    if (row) this.remember(row);
    this.typing = null;
    this.mark();
  }

  remember(row) {
    const now = stateOf(row);
    if (now === this.last.get(row)) return;
    this.undone.push([row, this.last.get(row)]);
    this.last.set(row, now);
  }

  ask(pause) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => form.dispatchEvent(new CustomEvent("bench:try")), pause);
  }

  /** An answer still on its way comes first, so that no request is broken off. */
  submit(event) {
    clearTimeout(this.waiting);
    this.leaving = true;
    if (!this.busy) return;
    event.preventDefault();
    this.pressed = event.submitter;
  }

  answered() {
    this.busy = false;
    if (!this.pressed) return;
    const pressed = this.pressed;
    this.pressed = null;
    setTimeout(() => form.requestSubmit(pressed));
  }

  putBack(row) {
    restore(row, this.kept.get(row));
    this.remember(row);
    this.mark();
    this.ask(0);
    row.querySelector("[data-bench-status]").focus();
  }

  undo() {
    const step = this.undone.pop();
    if (!step) return;
    this.typing = null;
    const [row, before] = step;
    restore(row, before);
    this.last.set(row, before);
    this.mark();
    this.ask(0);
    row.scrollIntoView({ block: "center" });
  }

  reset() {
    form.reset();
    for (const [row, state] of this.kept) restore(row, state);
    this.last = new Map(this.kept);
    this.undone = [];
    this.typing = null;
    this.mark();
    this.show();
    this.ask(0);
  }

  changedRows() {
    const parties = this.parties.filter((control, place) => control.value !== this.partiesKept[place]);
    return [...this.rows.filter((row) => stateOf(row) !== this.kept.get(row)), ...parties];
  }

  mark() {
    for (const row of this.rows) {
      const differs = stateOf(row) !== this.kept.get(row);
      row.classList.toggle("is-changed", differs);
      row.querySelector("[data-bench-was]").hidden = !differs;
    }
    const none = this.changedRows().length === 0;
    this.find("[data-bench-keep]").disabled = none;
    this.find("[data-bench-reset]").disabled = none;
    this.find("[data-bench-undo]").disabled = this.undone.length === 0;
  }

  // --- evidence --------------------------------------------------------------------------------

  choose(details) {
    if (!details.matches?.("[data-bench-papers]") || !details.open) return;
    const box = details.querySelector(".cl-papers");
    if (!box.childElementCount) {
      box.append(document.getElementById("bench-papers").content.cloneNode(true));
    }
    const cited = citedIn(details.closest("[data-fact]"));
    for (const one of box.querySelectorAll("input")) one.checked = cited.includes(one.value);
  }

  cite(row) {
    const ticked = [...row.querySelectorAll(".cl-papers input:checked")].map((one) => one.value);
    row.querySelector("[data-bench-evidence]").value = ticked.join(" ");
  }

  // --- finding ---------------------------------------------------------------------------------

  show() {
    const wanted = this.find("[data-bench-search]").value.trim().toLocaleLowerCase();
    const filter = this.find("[data-bench-filter]").value;
    let shown = 0;
    for (const row of this.rows) {
      row.hidden = !(matches(row, filter) && wordsOf(row).includes(wanted));
      shown += row.hidden ? 0 : 1;
    }
    const narrowed = wanted !== "" || filter !== "";
    for (const sheet of this.sheets) {
      const some = [...sheet.querySelectorAll("[data-fact]")].some((row) => !row.hidden);
      sheet.hidden = narrowed && !some;
      if (narrowed && sheet.matches("details")) sheet.open = some;
    }
    for (const title of form.querySelectorAll(".cl-bench-group")) title.hidden = narrowed;
    const count = this.find("[data-bench-count]");
    count.textContent = count.dataset.words
      .replace("{shown}", shown).replace("{all}", this.rows.length);
    this.find("[data-bench-none]").hidden = shown > 0;
  }

  key(event) {
    const search = this.find("[data-bench-search]");
    if (event.key === "/" && !event.target.matches("input, textarea, select")) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      this.show();
    }
  }

  /** A link to a fact opens what hides it and goes to its first control. */
  jump(event) {
    const link = event.target.closest("a[href^='#fact-']");
    const row = link && document.getElementById(link.hash.slice(1));
    if (!row) return;
    event.preventDefault();
    if (row.hidden) {
      this.find("[data-bench-search]").value = "";
      this.find("[data-bench-filter]").value = "";
      this.show();
    }
    const sheet = row.closest("details.cl-sheet");
    if (sheet) sheet.open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("[data-bench-status]").focus({ preventScroll: true });
  }
}

function controlsOf(row) {
  return [...row.querySelectorAll("[data-bench-status], [data-bench-value], [data-bench-evidence]")];
}

function stateOf(row) {
  return JSON.stringify(controlsOf(row).map((control) => control.value));
}

function restore(row, state) {
  const values = JSON.parse(state);
  controlsOf(row).forEach((control, place) => { control.value = values[place]; });
  const cited = citedIn(row);
  for (const one of row.querySelectorAll(".cl-papers input")) one.checked = cited.includes(one.value);
}

function citedIn(row) {
  return row.querySelector("[data-bench-evidence]").value.split(/[\s,，、;；]+/).filter(Boolean);
}

function matches(row, filter) {
  const status = row.querySelector("[data-bench-status]").value;
  switch (filter) {
    case "": return true;
    case "matters": return row.dataset.matters !== undefined;
    case "known": return !["unknown", "absent"].includes(status);
    case "unknown":
    case "absent": return status === filter;
    case "changed": return row.classList.contains("is-changed");
    default: return row.dataset.prover === filter;
  }
}

function wordsOf(row) {
  return row.querySelector(".cl-fact-name").textContent.toLocaleLowerCase();
}

if (form) new Bench();
