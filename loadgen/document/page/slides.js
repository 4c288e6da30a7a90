// One card at a time, for a room: #ID of a card shows it alone, large; arrow keys go to the next and
// back, Escape returns to the whole page. And the menu, whose groups close by themselves.
"use strict";
(() => {
  const root = document.documentElement;
  const cards = [...document.querySelectorAll("article.card[id]")];
  let shown = null; // the card that stands alone
  let opened = []; // what was folded in it before

  // As it is where it is no text that was escaped: "100%".
  const unescaped = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const named = () => {
    const name = unescaped(location.hash.slice(1));
    return cards.find((card) => name !== "" && (card.id === name || card.id === `claim-${name}`)) ?? null;
  };

  const bar = document.createElement("div");
  bar.className = "slides";
  const button = (text, press) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", press);
    bar.append(made);
    return made;
  };
  const previous = button("← Previous", () => go(-1));
  const place = document.createElement("span");
  place.setAttribute("role", "status");
  bar.append(place);
  const next = button("Next →", () => go(1));
  button("Whole report (Esc)", () => leave());

  const put_back = () => {
    opened.forEach((details) => { details.open = false; });
    opened = [];
    shown.classList.remove("shown");
    shown.closest("section").classList.remove("shown");
  };
  const show = (card) => {
    if (card === shown) return;
    const before = shown;
    if (shown) put_back();
    shown = card;
    if (!card) {
      delete root.dataset.slide;
      bar.remove();
      echotrio.redraw();
      before.scrollIntoView({ block: "center", behavior: "instant" });
      before.focus({ preventScroll: true });
      return;
    }
    root.dataset.slide = card.id;
    card.classList.add("shown");
    card.closest("section").classList.add("shown");
    opened = [...card.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
    const at = cards.indexOf(card);
    previous.disabled = at === 0;
    next.disabled = at === cards.length - 1;
    place.textContent = `${at + 1} of ${cards.length}`;
    document.body.append(bar);
    window.scrollTo({ top: 0, behavior: "instant" });
    echotrio.redraw();
    card.focus({ preventScroll: true });
  };
  const go = (step) => {
    const card = cards[cards.indexOf(shown) + step];
    if (card) location.hash = card.id;
  };
  const leave = () => {
    location.hash = shown.closest("section").id;
  };

  window.addEventListener("hashchange", () => show(named()));
  window.addEventListener("keydown", (event) => {
    if (!shown || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const on_button = event.target.closest("button, summary, a") !== null;
    if (event.key === "Escape") leave();
    else if (event.key === "ArrowRight" || event.key === "PageDown") go(1);
    else if (event.key === "ArrowLeft" || event.key === "PageUp") go(-1);
    else if (event.key === " " && !on_button) go(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  });

  const groups = [...document.querySelectorAll(".menu details")];
  const close_others = (kept) => groups.forEach((group) => { if (group !== kept) group.open = false; });
  groups.forEach((group) => {
    group.addEventListener("toggle", () => { if (group.open) close_others(group); });
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !group.open) return;
      group.open = false;
      group.querySelector("summary").focus();
    });
  });
  document.addEventListener("click", (event) => {
    const within = event.target.closest(".menu details");
    close_others(event.target.closest(".menu a") ? null : within);
  });

  show(named());
})();
