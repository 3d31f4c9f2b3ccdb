// Finding a word while it is typed.
import { ask, latest } from "./api.js";
import { $, bdi, h, say } from "./dom.js";
import { count } from "./format.js";

export function finder(choose) {
  const input = $("find"),
    list = $("found"),
    newest = latest();
  let words = [],
    active = -1,
    shownFor = "";

  function show(found, typed = "") {
    words = found;
    shownFor = typed;
    active = found.length ? 0 : -1;
    list.replaceChildren(
      ...found.map(([word, times], i) =>
        h(
          "li",
          {
            role: "option",
            id: `found-${i}`,
            onmousedown: (event) => {
              event.preventDefault();
              take(word);
            },
          },
          [bdi(word), h("span.times", count(times))],
        ),
      ),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  }

  function mark() {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === active)));
    if (active >= 0) input.setAttribute("aria-activedescendant", `found-${active}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function take(word) {
    show([]);
    input.value = "";
    input.blur();
    choose(word);
  }

  /** Shows the words that begin with a text or contain it; a word that is the text comes first. */
  const suggest = (typed) =>
    newest(async (signal) => {
      const found = typed ? (await ask("complete", { q: typed, n: 8 }, { signal })).words : [];
      show(found, typed);
      if (typed) say(found.length ? `${found.length} words` : `no word contains ${typed}`);
      return found;
    });

  input.addEventListener("input", () => suggest(input.value.trim()).catch(() => show([])));

  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (words.length) active = (active + (event.key === "ArrowDown" ? 1 : words.length - 1)) % words.length;
      mark();
    } else if (event.key === "Enter" && input.value.trim()) {
      const typed = input.value.trim();
      if (active >= 0 && shownFor === typed) take(words[active][0]);
      else
        suggest(typed)
          .then((found) => {
            if (found) take(found[0]?.[0] ?? typed);
          })
          .catch(() => take(typed)); // typed faster than answered
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (list.hidden) input.blur();
      input.value = "";
      show([]);
    }
  });
  input.addEventListener("blur", () => show([]));
}
