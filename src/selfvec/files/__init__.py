"""Files: written whole, checked where they come in; charsets, tensors, downloads, scratch files."""
