"""A LiteRT file for phones and microcontrollers, and code that calls it."""
