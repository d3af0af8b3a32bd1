// The frame: menu on small screens, drop-downs, dialogs, and "are you sure" before what matters.

const frame = document.querySelector(".dh-frame");
const menuButton = document.querySelector("[data-menu-toggle]");

function setMenu(open) {
  frame?.classList.toggle("dh-menu-open", open);
  menuButton?.setAttribute("aria-expanded", String(open));
}

menuButton?.addEventListener("click", () => setMenu(!frame.classList.contains("dh-menu-open")));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  setMenu(false);
  for (const open of document.querySelectorAll("details.dh-drop[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.dh-drop[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) closer.closest("dialog").close();
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest(".dh-message").remove();
});

// <form data-confirm="What will happen"> asks first; the button that was pressed names the deed.
const confirmation = document.getElementById("confirmation");
let waiting = null;

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!question || !confirmation || event.target === waiting?.agreed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting = { form: event.target, submitter: event.submitter };
  confirmation.querySelector("[data-confirmation-text]").textContent = question;
  const yes = confirmation.querySelector("[data-confirmation-yes]");
  yes.textContent = event.submitter?.textContent.trim() || yes.dataset.word;
  confirmation.returnValue = "";
  confirmation.showModal();
}, true);

confirmation?.addEventListener("close", () => {
  const { form, submitter } = waiting ?? {};
  waiting = null;
  if (confirmation.returnValue !== "yes" || !form) return;
  waiting = { agreed: form };
  form.requestSubmit(submitter);
  waiting = null;
});
