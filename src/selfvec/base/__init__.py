"""Used by every room: errors, checks, declarations, progress, threads, kernels."""
