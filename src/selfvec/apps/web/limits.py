"""The limits of `selfvec serve`: times, numbers and sizes.

Uvicorn keeps those of requests and headers, `server` the times and the number of connections, `work` and
`responses` the work and the memory for answers, and `comparison` and `maps` those of what is computed in the
background.
"""

from __future__ import annotations

CLIENT_SECONDS = 15.0  # for sending a request, from the connection or the last answer on; for taking a piece
QUEUE_SECONDS = 1.0  # that a request waits for a thread
SHUTDOWN_SECONDS = 2  # for finishing answers when the server stops

CONNECTIONS = 512  # beyond, the connection that waits longest for a request is closed
REQUESTS = 768  # answered at a time, or connections: beyond, uvicorn answers with status 503
BACKLOG = 1024  # connections that wait to be accepted
HEADER_BYTES = 16_384  # of a request that is not whole

PIECE_BYTES = 1 << 16  # of an answer that are sent at a time
LONG_ANSWERS = 32  # answers longer than a piece that are sent at the same time

COMPARISONS_BEGUN = 4  # that run or wait
COMPARISONS_KEPT = 8  # the least recently used is dropped first
COMPARISON_BYTES = 1 << 29  # of those kept
MAPS_WAITING = 4
MAPS_KEPT = 4  # of all words
