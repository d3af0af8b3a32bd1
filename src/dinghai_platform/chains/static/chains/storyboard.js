// A storyboard: the days of one event are played or stepped through. Without script every day
// stands below as a table, and the picture shows the end.

const PAUSE = 1100;

class Storyboard {
  constructor(holder) {
    const data = JSON.parse(document.getElementById(holder.dataset.storyboard).textContent);
    this.frames = data.frames;
    this.words = data.states;
    this.holder = holder;
    this.slider = holder.querySelector("[data-day]");
    this.play = holder.querySelector("[data-play]");
    this.timer = 0;
    this.at = 0;
    if (this.frames.length === 0) return;
    holder.querySelector("[data-player]").hidden = false;
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
    for (const button of holder.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => {
        this.pause();
        this.show(this.at + Number(button.dataset.step));
      });
    }
    this.play.addEventListener("click", () => (this.timer ? this.pause() : this.run()));
    this.show(0);
  }

  run() {
    if (this.at >= this.frames.length - 1) this.show(0);
    this.play.textContent = this.play.dataset.wordsPause;
    this.timer = window.setInterval(() => {
      if (this.at >= this.frames.length - 1) this.pause();
      else this.show(this.at + 1);
    }, PAUSE);
  }

  pause() {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = this.play.dataset.wordsPlay;
  }

  show(place) {
    this.at = Math.min(Math.max(place, 0), this.frames.length - 1);
    const frame = this.frames[this.at];
    this.slider.value = String(this.at);
    this.holder.querySelector("[data-title]").textContent = frame.title;
    this.holder.querySelector("[data-lost]").textContent = frame.lost;
    for (const actor of this.holder.querySelectorAll("[data-actor]")) {
      const state = frame.states[actor.dataset.actor] ?? "calm";
      const circle = actor.querySelector("circle");
      circle.setAttribute("class", `ch-circle ch-state-${state}`);
      const name = actor.querySelector("text").textContent;
      actor.setAttribute("aria-label", `${name}: ${this.words[state]}`);
    }
    for (const way of this.holder.querySelectorAll("[data-to]")) {
      way.classList.toggle("ch-way-off", !(way.dataset.to in frame.states));
    }
    for (const way of this.holder.querySelectorAll("[data-short]")) {
      way.classList.toggle("ch-way-off", frame.states[way.dataset.short] !== "short");
    }
    for (const day of document.querySelectorAll("[data-frame]")) {
      const here = Number(day.dataset.frame) === this.at;
      day.classList.toggle("ch-now", here);
      day.classList.toggle("ch-later", Number(day.dataset.frame) > this.at);
    }
  }
}

for (const holder of document.querySelectorAll("[data-storyboard]")) new Storyboard(holder);
