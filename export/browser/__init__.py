"""A static page that runs the model in a browser."""
