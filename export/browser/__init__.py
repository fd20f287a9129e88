"""A static page that runs a model in the browser."""
