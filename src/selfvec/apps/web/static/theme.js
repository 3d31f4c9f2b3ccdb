// Runs before the first paint, so that dark mode does not begin with a flash of light.
"use strict";
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("selfvec-theme");
  } catch {
    /* storage is off */
  }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
