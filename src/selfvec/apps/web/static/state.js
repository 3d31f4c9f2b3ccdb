// The state of the page is kept in the address, so that a link shows the same to other people.

const EMPTY =
  "view word c fdr min_count all_words ask mix variants colour only doc at order filter " + "words unit near";
const DEFAULTS = { ...Object.fromEntries(EMPTY.split(" ").map((name) => [name, ""])), mode: "hybrid" };
let changed = () => {};

const NARROWED = new Set(["overview", "texts", "map", "time", "topics"]);

/** Whether the filters narrow what the view shows; a comparison has its own documents. */
export const narrows = () => NARROWED.has(state.view);

/** The filters in the state, "state=IOWA; date=1996..1998", if they narrow what is shown. */
export const filters = () =>
  (narrows() ? state.filter : "")
    .split(";")
    .map((text) => text.trim())
    .filter(Boolean);

/** The view of an address that names none: that of a word is older than the overview. */
const usual = ({ word }) => (word ? "changes" : "overview");

export let state = read();

function read() {
  const found = { ...DEFAULTS };
  for (const [name, value] of new URLSearchParams(location.hash.slice(1)))
    if (name in DEFAULTS) found[name] = value;
  found.view ||= usual(found);
  if (found.view === "documents") found.view = "texts"; // of older links
  return found;
}

/** The address of the current state with some changes. */
export function link(changes) {
  const wanted = new URLSearchParams(),
    all = { ...state, ...changes };
  for (const [name, value] of Object.entries(all)) {
    if (value !== "" && value !== (name === "view" ? usual(all) : DEFAULTS[name])) wanted.set(name, value);
  }
  return `#${wanted}`;
}

/** Change the state. Back undoes the change, unless ``step`` is false. */
export function go(changes, step = true) {
  const address = link(changes);
  if (address === (location.hash || "#")) return;
  history[step ? "pushState" : "replaceState"](null, "", address);
  moved();
}

export function onChange(listener) {
  changed = listener;
}

function moved() {
  const before = state;
  state = read();
  changed(state, before);
}

addEventListener("popstate", moved);
