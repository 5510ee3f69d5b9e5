// Keeps a page up to date: when something happens, the same page is fetched, and the parts that are marked `data-live`
// take the place of the old ones. Without this script every page reads the same; it only does not follow by itself.
//
// Focus, scroll position and what is typed stay: forms are in no such part, and inside of one the element that had the
// focus gets it back by its id or its address. A sentence that screen readers announce is written only if it changed.

(() => {
  "use strict";

  const QUIET = 1000; // Between two looks, in milliseconds: many things may happen at once.
  const AGES = 20000; // A look without news, for what is shown as an age.
  const sign = document.getElementById("live");
  let timer = 0;
  let last = 0;
  let looking = false;
  let again = false;

  const say = (on, text) => {
    if (!sign) return;
    sign.hidden = false;
    sign.classList.toggle("on", on);
    if (sign.textContent !== text) sign.textContent = text;
  };

  // What finds the focused element again in the new part.
  const mark = (part) => {
    const element = document.activeElement;
    if (!element || !part.contains(element)) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    const address = element.getAttribute("href");
    return address ? `a[href="${CSS.escape(address)}"]` : null;
  };

  const swap = (old, fresh) => {
    if (old.innerHTML === fresh.innerHTML) return;
    const focused = mark(old);
    const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
    const scrolled = [...old.querySelectorAll(".scroll[id]")].map((each) => [each.id, each.scrollLeft]);
    old.replaceChildren(...fresh.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left] of scrolled) {
      const box = document.getElementById(id);
      if (box) box.scrollLeft = left;
    }
    if (focused) old.querySelector(focused)?.focus({ preventScroll: true });
  };

  const look = async () => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html");
      for (const part of fresh.querySelectorAll("[data-live][id]")) {
        const old = document.getElementById(part.id);
        if (old) swap(old, part);
      }
      for (const sentence of fresh.querySelectorAll("[aria-live][id]")) {
        const old = document.getElementById(sentence.id);
        if (old && old.textContent !== sentence.textContent) old.textContent = sentence.textContent;
      }
    } catch {
      say(false, "Not live");
    }
    looking = false;
    if (again) {
      again = false;
      soon();
    }
  };

  const soon = () => {
    if (timer || document.hidden) return;
    const wait = Math.max(0, last + QUIET - Date.now());
    timer = setTimeout(() => {
      timer = 0;
      look();
    }, wait);
  };

  const follow = () => {
    const events = new EventSource("/api/v1/events");
    events.onopen = () => say(true, "Live");
    events.onerror = () => say(false, "Not live");
    events.onmessage = soon;
    events.addEventListener("lost", soon);
  };

  // What was done is told once, and not again after a reload.
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }

  setInterval(soon, AGES);
  document.addEventListener("visibilitychange", soon);
  follow();
})();
