"""What a run tells: drift, senses, alignment and comparison, topics and term graphs."""
