// The page shows the state, which is kept in the address.
import { ask } from "./api.js";
import { Atlas } from "./atlas.js";
import { watched } from "./changed.js";
import { $, bdi, button, h, say } from "./dom.js";
import { finder } from "./finder.js";
import { count, many, readable } from "./format.js";
import { health } from "./health.js";
import { Library, documentPage } from "./library.js";
import { Overview } from "./overview.js";
import { Ranking, Unknown } from "./ranking.js";
import { Search } from "./search.js";
import { go, link, onChange, state } from "./state.js";
import { Times } from "./times.js";
import { Topics } from "./topics.js";
import { WordPage } from "./word.js";

const VIEWS = ["overview", "changes", "map", "unknown", "texts", "health", "topics", "time", "documents"];
const OTHER = "?"; // the choice of two unlisted parts
const FULL = new Set(["overview", "texts", "health", "topics", "time"]); // views without a word next to them
// Of the state, what changes no view or list.
const UNLISTED = new Set(["word", "doc", "at", "near", "frame"]);
const KEYS = [
  ["/", "find a word"],
  ["↑ ↓  or  k j", "previous word, next word"],
  ["← →", "one step back or forward in time"],
  ["p", "play the map"],
  ["1 … 9", "the views"],
  ["Esc", "close, or back to the list"],
  ["?", "this help"],
  ["+ − 0", "on the map: zoom in, zoom out, whole map"],
];
const panes = {};
let about, overview, page, ranking, check;

function alarm(error) {
  if (error.name === "AbortError") return;
  calm();
  $("alert").append(h("p.error", error.message, " ", button("Close", calm)));
}

/** Remove the error. */
const calm = () => $("alert").querySelector(".error")?.remove();

const choose = (word) =>
  go({
    word,
    near: "",
    doc: "",
    view: FULL.has(state.view) || state.view === "documents" ? "changes" : state.view,
    of: state.view === "map" ? "words" : state.of,
  });

function describe() {
  document.body.classList.toggle("kept", Boolean(about.kept));
  document.body.classList.toggle("textless", !about.has_documents);
  const text =
    (about.kept ? "saved page of " : "") +
    (about.tokens
      ? `${about.description} · ${count(about.tokens)} words of text, ${count(about.types)} different`
      : about.description);
  $("about").textContent = text;
  document.title = `${about.description} – Selfvec`;
  const [sign, kind] = about.verdicts.length
    ? [" ✗", "no"]
    : about.warnings
      ? [` ${about.warnings} !`, "went"]
      : [" ✓", "yes"];
  $("verdict").textContent = sign;
  $("verdict").className = kind;
  if (about.verdicts.length) {
    $("alert").replaceChildren(
      h("p", [
        `This run failed a check (${about.verdicts.join(", ")}), `,
        "so its results about words are not reliable. ",
        h("a", { href: link({ view: "health" }) }, "See why, and what to do"),
      ]),
    );
  }
  if (about.comparisons.length > 1) {
    $("comparing").hidden = false;
    $("comparison").replaceChildren(
      ...about.comparisons.map(({ key, a, b }) =>
        h("option", { value: key }, [
          key === "refined" ? "before → after refining" : `${readable(a)} → ${readable(b)}`,
        ]),
      ),
    );
    if (about.comparisons.length > 2) ranges();
    $("comparison").addEventListener("change", (event) => {
      $("ranges").hidden = event.target.value !== OTHER;
      if ($("ranges").hidden) go({ c: event.target.value, frame: "", near: "" });
      else $("range-a").focus();
    });
  }
}

/** Two parts of the text by their names or dates. */
function ranges() {
  $("comparison").append(h("option", { value: OTHER }, "other parts …"));
  [$("range-a").placeholder, $("range-b").placeholder] = about.halves;
  $("parts").replaceChildren(...about.parts.map((name) => h("option", { value: name })));
  $("ranges").addEventListener("submit", (event) => {
    event.preventDefault();
    go({
      c: ["range-a", "range-b"].map((id) => $(id).value.trim().replace(/[–—]/g, "..")).join("|"),
      frame: "",
      near: "",
    });
  });
}

/** Show which comparison is chosen. */
function compared(key) {
  const select = $("comparison"),
    listed = [...select.options].some((option) => option.value === key);
  select.value = listed ? key : OTHER;
  if (!listed) [$("range-a").value, $("range-b").value] = key.split("|").concat("");
  $("ranges").hidden = listed || about.comparisons.length < 3;
}

async function view(name) {
  document.body.dataset.view = name;
  document.body.classList.toggle("alone", FULL.has(name));
  for (const tab of document.querySelectorAll("nav a")) {
    tab.setAttribute("href", link({ view: tab.dataset.view }));
    tab.ariaCurrent = tab.dataset.view === name ? "page" : null;
  }
  if (name === "health") panes.health ??= { element: await health() };
  if (state.view !== name) return undefined; // another was chosen meanwhile
  panes[name] ??= {
    overview: () => new Overview(choose, about, overview, alarm),
    changes: () => ranking,
    map: () => new Atlas(choose, about, alarm),
    unknown: () => new Unknown(),
    texts: () => new Search(about),
    topics: () => new Topics(about),
    time: () => new Times(about, overview),
    documents: () => new Library(about),
  }[name]();
  if ($("pane").firstChild !== panes[name].element) $("pane").replaceChildren(panes[name].element);
  return panes[name].update?.();
}

async function word() {
  const wanted = state.word || ranking.found?.rows[0]?.word;
  document.body.classList.toggle("chosen", Boolean(state.word));
  if (state.view === "documents" || (state.view === "map" && state.of === "documents")) {
    page.word = null;
    document.body.classList.toggle("chosen", Boolean(state.doc));
    const { view: name, doc, at } = state;
    const shown = doc ? await documentPage(doc, at) : h("p.wait", "Choose a document to read it.");
    if (state.view !== name || state.doc !== doc || state.at !== at) return; // another was chosen meanwhile
    $("word").replaceChildren(shown);
    panes.documents?.update();
    return;
  }
  if (!wanted || FULL.has(state.view)) return;
  ranking.current = wanted;
  ranking.select();
  const found = await page.show(wanted);
  if (!found) return;
  panes.map?.map.mark(
    new Map([
      ...found.lost.map((w) => [w, "went"]),
      ...found.after.map(([w]) => [w, found.gained.includes(w) ? "came" : "stayed"]),
      [found.word, "self"],
    ]),
  );
  say(`${found.word}: ${many(found.gained.length, "new neighbour")}`);
}

async function update(now, before) {
  if (!VIEWS.includes(now.view)) return go({ view: "overview" }, false);
  calm(); // it belongs to the previous request
  if (before) check?.();
  now.c ||= about.default;
  now.of ||= about.has_documents && !about.kept ? "documents" : "words";
  compared(now.c);
  const listed = Object.keys(now).some((name) => !UNLISTED.has(name) && now[name] !== before?.[name]);
  const other = ["word", "c", "view", "doc", "at", "of"].some((name) => now[name] !== before?.[name]);
  const why = before && !other && now.near !== before.near;
  try {
    if (listed) {
      const shown = view(now.view);
      // The word does not wait for the list, unless the list decides which word it is.
      if (FULL.has(now.view)) await shown;
      else if (!now.word && !ranking.found) {
        await shown;
        if (now.view !== "changes") await ranking.update();
      } else shown.catch(alarm);
    }
    if (why) await page.why();
    else if (other || (listed && !now.word)) await word();
  } catch (error) {
    alarm(error);
    if (error.status === 404 && now.word && now.word !== page.word)
      $("word").replaceChildren(
        h("a.back", { href: link({ word: "" }) }, "← All words"),
        h("h2.word", bdi(now.word)),
      );
  }
  return undefined;
}

/** Ask anew for all that is shown. */
async function renew() {
  ranking.compared = null; // nothing is left of the state before
  for (const name of Object.keys(panes)) if (name !== "changes") delete panes[name];
  await update(state, null);
}

const maps = () => (state.view === "map" ? panes.map?.map : page?.map);

function keyed(event) {
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.target.closest?.("input, select, textarea, dialog")
  )
    return;
  const keys = {
    "/": () => $("find").focus(),
    "?": () => $("keys").showModal(),
    ArrowDown: () => ranking.step(1),
    j: () => ranking.step(1),
    ArrowUp: () => ranking.step(-1),
    k: () => ranking.step(-1),
    ArrowRight: () => maps()?.step(1),
    ArrowLeft: () => maps()?.step(-1),
    p: () => maps()?.toggle(),
    Escape: () => go(state.near ? { near: "" } : state.doc ? { doc: "", at: "" } : { word: "" }),
    ...Object.fromEntries(VIEWS.map((name, i) => [String(i + 1), () => go({ view: name })])),
  };
  if (!keys[event.key]) return;
  if (
    event.key.startsWith("Arrow") &&
    state.view !== "changes" &&
    ["ArrowUp", "ArrowDown"].includes(event.key)
  )
    return; // the page scrolls
  event.preventDefault();
  keys[event.key]();
}

function theme() {
  const root = document.documentElement,
    dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("selfvec-theme", root.dataset.theme);
  } catch {
    /* storage is off */
  }
  for (const map of [page?.map, panes.map?.map]) map?.draw();
}

async function begin() {
  $("theme").addEventListener("click", theme);
  $("help").addEventListener("click", () => $("keys").showModal());
  $("skip").addEventListener("click", () => $("main").focus());
  $("keys").append(
    h("h2", { id: "keys-title" }, "Help"),
    h("p", [
      "Selfvec adapted word vectors to your text. This page shows the words whose neighbours changed, ",
      "and sentences that explain why.",
    ]),
    h("table", [
      h("tbody", [
        KEYS.map(([key, meaning]) => h("tr", h("th", { scope: "row" }, h("kbd", key)), h("td", meaning))),
      ]),
    ]),
    h("p", h("a", { href: "api.html" }, "The same answers for programs")),
    button("Close", () => $("keys").close()),
  );
  addEventListener("keydown", keyed);
  finder(choose);
  try {
    [about, overview] = await Promise.all([ask("about"), ask("overview")]);
  } catch (error) {
    alarm(error);
    return;
  }
  describe();
  ranking = new Ranking(about);
  page = new WordPage($("word"), about, choose);
  ranking.tested = () => page.recheck().catch(alarm);
  if (!about.kept) check = watched(about, renew);
  onChange(update);
  await update(state, null);
  document.body.dataset.ready = "yes";
}

begin();
