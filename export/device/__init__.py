"""LiteRT files for phones, browsers and microcontrollers, and code that calls them."""
