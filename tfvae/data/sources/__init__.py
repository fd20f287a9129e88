"""Sources of examples: arrays, files, folders, data sets of other packages."""
