"""The commands: each is a function that calls one function of the library and prints its result."""
