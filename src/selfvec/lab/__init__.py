"""What is made of vectors beside a run: other methods, measurement, alignment, formats, many machines."""
