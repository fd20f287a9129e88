"""A SavedModel for servers, and what stands beside it."""
