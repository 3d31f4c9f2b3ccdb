// Lists that are sorted, filtered and shown in pages; and fields, which show values by name and change them.
import { latest } from "./api.js";
import { button, debounced, h, say } from "./dom.js";
import { many, readable } from "./format.js";
import { go, link } from "./state.js";

const SOON = 250; // milliseconds after the last key

const optionsOf = (options) =>
  [...(options instanceof Map ? options : Object.entries(options))].map(([value, text]) =>
    h("option", { value }, text),
  );

/**
 * Fields by the names of their values: a choice of `options`, a box whose check means `on`, or an input.
 * `changed` gets the changes: at once, or of an input shortly after the last key; `late`, when it is left.
 */
export class Fields {
  constructor(declared, changed) {
    const asked = debounced(SOON, changed);
    this.inputs = {};
    this.element = h("div.fields");
    for (const [name, about] of Object.entries(declared)) {
      if (!about) continue;
      const { label, options, on, title, wide, late, ...props } = about;
      const chosen = (value) => asked({ [name]: value }, 0);
      const typed = { [late ? "onchange" : "oninput"]: () => input.reportValidity() && send() };
      const send = () => (late ? chosen(input.value) : asked({ [name]: input.value }));
      const input = options
        ? h("select", { onchange: () => chosen(input.value) }, optionsOf(options))
        : on
          ? h("input", { type: "checkbox", onchange: () => chosen(input.checked ? on : "") })
          : h("input", { type: "search", dir: "auto", placeholder: "any", ...typed, ...props });
      this.inputs[name] = input;
      if (on) this.element.append(h("label.check", { title }, input, ` ${label}`));
      else if (label) this.element.append(h(wide ? "label.wide-field" : "label", label, input));
    }
  }

  get values() {
    return Object.fromEntries(Object.entries(this.inputs).map(([name, { value }]) => [name, value.trim()]));
  }

  /** Show values in all fields, except in the one that a person types in. */
  show(values) {
    for (const [name, input] of Object.entries(this.inputs))
      if (input.type === "checkbox") input.checked = Boolean(values[name]);
      else if (input !== document.activeElement || input.tagName === "SELECT") input.value = values[name];
  }

  choices(name, options) {
    this.inputs[name].replaceChildren(...optionsOf(options));
  }
}

/** What a comparison found. A remedy that one of the fields can choose is a button that chooses it. */
export const findings = (rows, { inputs }) =>
  rows.map(({ says, remedy }) => {
    const input = remedy && inputs[remedy.option];
    const can = input && [...input.options].some(({ value }) => value === remedy.value);
    const choose = () => {
      input.value = remedy.value;
      input.dispatchEvent(new Event("change"));
    };
    const does = can && remedy.does[0].toUpperCase() + remedy.does.slice(1);
    return h("p.note", readable(says), can && input.value !== remedy.value && [" ", button(does, choose)]);
  });

/** That there is nothing to show, in a sentence, and one way out: changes of the state. */
export const nothing = (text, label, changes) =>
  h("p.wait", `${text} `, h("a", { href: link(changes) }, label));

/** A list, its fields, which change the state, and a button for more of its rows. */
export class List {
  constructor(title, list, fields, { page = 50, most = Infinity, what = "word" } = {}) {
    Object.assign(this, { list, page, most, what, shown: page });
    this.newest = latest();
    this.title = h("h2", title);
    this.lead = h("div.lead");
    this.fields = new Fields(fields, (changes) => this.ask(changes));
    const more = () => {
      this.shown += page;
      this.update();
    };
    this.more = button(`More ${what}s`, more, { class: "more", hidden: true });
  }

  /** Ask for other rows: their first page. */
  ask(changes) {
    this.shown = this.page;
    go(changes, false);
  }

  /** Show the rows that were asked for, of all that there are, and say how many are found. */
  fill(rows, total, found = total) {
    this.list.replaceChildren(...rows);
    this.more.hidden = Math.min(this.shown, this.most) >= Math.min(total, this.most);
    say(many(found, this.what));
  }

  /** Mark the items that are shown beside the list. */
  mark(current) {
    for (const item of this.list.children) {
      const a = item.querySelector("a");
      if (a) a.ariaCurrent = current(a, item) ? "true" : null;
    }
  }
}
