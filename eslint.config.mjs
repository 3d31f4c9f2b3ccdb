// For `make javascript`; nothing of it is needed to use or to test Selfvec.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  { files: ["src/selfvec/apps/web/static/*.js"], languageOptions: { globals: globals.browser } },
];
