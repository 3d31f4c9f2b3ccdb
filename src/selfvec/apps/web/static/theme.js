// Before the first paint, so that nobody who chose the dark is blinded by a flash of the light.
"use strict";
{
  let chosen = null;
  try { chosen = localStorage.getItem("selfvec-theme"); } catch { /* storage is off */ }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
