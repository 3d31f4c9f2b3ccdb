"""A run as a page in the browser: what changed, why, and whether it is significant.

The page shows what the commands print, computed by the same functions. The server answers only GET and loads
nothing from other hosts. It needs the extra ``serve``.

A request goes `server` → `guard` → `app` → a function that `address` marks, in `first_view`, `words`,
`documents` or `times`. It takes what `page_data` holds of the run.
"""
