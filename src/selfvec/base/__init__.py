"""Used by every room: errors, progress, atomic files, tensors on disk, threads, provenance."""
