"""Tables with columns of mixed kinds: files, schema, and the features for a model."""
