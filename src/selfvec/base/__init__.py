"""What every room stands on: errors, progress, files written whole, tensors on disk, threads, provenance."""
