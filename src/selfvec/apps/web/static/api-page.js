// The interface for programs, as /openapi.json describes it.
import { $, h } from "./dom.js";

const kind = (schema = {}) =>
  schema.enum?.join(" | ") ?? (schema.anyOf?.find((one) => one.type !== "null") ?? schema).type ?? "";

function row({ name, required, description, schema }) {
  const initial = schema.default === undefined || schema.default === "" ? "" : JSON.stringify(schema.default);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", {}, required ? "required" : initial),
    h("td", {}, kind(schema)),
    h("td", {}, description ?? ""),
  );
}

function entry(path, { get }) {
  const asked = get.parameters ?? [];
  return h(
    "section",
    {},
    h("h2", {}, h("code", {}, `GET ${path}`)),
    h("p", {}, get.description ?? ""),
    asked.length === 0
      ? null
      : h(
          "div",
          { class: "wide" },
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["argument", "by default", "type", "meaning"].map((name) => h("th", { scope: "col" }, name)),
              ),
            ),
            h("tbody", {}, asked.map(row)),
          ),
        ),
  );
}

const found = await (await fetch("/openapi.json", { credentials: "same-origin" })).json();
$("about").textContent = found.info.description;
$("paths").replaceChildren(...Object.entries(found.paths).map(([path, item]) => entry(path, item)));
document.body.dataset.ready = "yes";
