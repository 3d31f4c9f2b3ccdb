"""The records that pass between packages: vectors, token batches, trajectories, runs, settings."""
