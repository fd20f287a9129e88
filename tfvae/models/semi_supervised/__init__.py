"""Models with a class that is known for some examples and summed over for the others."""
