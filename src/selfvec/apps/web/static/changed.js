// A run that changes under the page: answers are those of its present state, so the page asks for all anew.
import { ask } from "./api.js";
import { $, h } from "./dom.js";

const EVERY = 20_000; // milliseconds between two looks at the state of the run

/**
 * Look now and then whether the run was updated; if so, say it and call `renew`. The function that is
 * returned looks at once.
 */
export function watched(about, renew) {
  let { stamp } = about;
  const look = async () => {
    const found = await ask("state").catch(() => null);
    if (!found || found.stamp === stamp) return;
    stamp = found.stamp;
    $("alert").querySelector(".newer")?.remove();
    if (stamp !== about.stamp)
      $("alert").append(
        h("p.newer", [
          "The run was updated. ",
          h("a", { href: location.pathname }, "Load the page again"),
          " to see all of it as it is now.",
        ]),
      );
    await renew();
  };
  setInterval(look, EVERY);
  return look;
}
