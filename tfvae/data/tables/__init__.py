"""Tables with mixed columns: files, schema, and the features that models see."""
