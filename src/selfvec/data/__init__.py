"""The records that pass between rooms: vectors, token batches, trajectories, runs, settings."""
