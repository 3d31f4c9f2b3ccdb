"""What happens when things go wrong: kills, faults of disk and permissions, damaged files. ``make soak``."""
