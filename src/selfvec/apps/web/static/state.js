// The state of the page is kept in the address, so that a link shows the same to other people.

const DEFAULTS = {
  view: "changes", word: "", c: "", seen: "", q: "", size: "", sort: "size", text: "", frame: "", ask: "", stops: "", of: "words", layout: "pacmap", colour: "", doc: "",
  mode: "hybrid", filter: "", beside: "",
  names: "", words: "", unit: "", smooth: "",
  source: "", from: "", near: "",
};
const listeners = [];
export let state = read();

function read() {
  const found = { ...DEFAULTS };
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) if (name in DEFAULTS) found[name] = value;
  return found;
}

/** The address of the current state with some changes. */
export function link(changes) {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...state, ...changes })) {
    if (value !== "" && value !== DEFAULTS[name]) wanted.set(name, value);
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

export function onChange(listener) { listeners.push(listener); }

function moved() {
  const before = state;
  state = read();
  for (const listener of listeners) listener(state, before);
}

addEventListener("popstate", moved);
