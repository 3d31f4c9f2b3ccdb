"""A run as a page in the browser: what changed, why, and whether it is significant.

The page shows what the commands print, computed by the same functions. The server answers only GET and loads
nothing from other hosts. What answers requests needs the extra
``serve``: `app`, `guard`, `responses` and `server`.
"""
