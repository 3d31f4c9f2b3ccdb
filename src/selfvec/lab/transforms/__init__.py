"""Functions that make new vectors from given ones: joined, retrofitted, debiased, distilled, compressed.

Each is a public function with its command, and ends with `selfvec.lab.transforms.written`.
"""
