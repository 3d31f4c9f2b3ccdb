"""A run as a page in the browser: what changed, why, and whether to believe it.

The page shows what the commands print, by the same functions. The server is thin, answers only GET, and
fetches nothing from elsewhere. FastAPI and uvicorn are imported by `app` and `launch` alone.
"""
