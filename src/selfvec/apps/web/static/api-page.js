// The interface for programs, as /openapi.json describes it.
import { $, h } from "./dom.js";
import { grid } from "./table.js";

const kind = (schema = {}) =>
  schema.enum?.join(" | ") ?? (schema.anyOf?.find((one) => one.type !== "null") ?? schema).type ?? "";

function row({ name, required, description, schema }) {
  const initial = schema.default === undefined || schema.default === "" ? "" : JSON.stringify(schema.default);
  return [h("code", name), required ? "required" : initial, kind(schema), description ?? ""];
}

const entry = (path, { get: { parameters = [], description } }) =>
  h("section", [
    h("h2", h("code", `GET ${path}`)),
    h("p", description ?? ""),
    parameters.length > 0 && grid([["argument"], ["by default"], ["type"], ["meaning"]], parameters.map(row)),
  ]);

const found = await (await fetch("./openapi.json", { credentials: "same-origin" })).json();
$("about").textContent = found.info.description;
$("paths").replaceChildren(...Object.entries(found.paths).map(([path, item]) => entry(path, item)));
document.body.dataset.ready = "yes";
