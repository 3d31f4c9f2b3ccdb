"""What happened to every word on the way: bounded recording, and reading it back."""
