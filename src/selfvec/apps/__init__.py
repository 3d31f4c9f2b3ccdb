"""Programs on top of the library: the command line, the web page, the assistant's tools. Thin."""
