"""Where examples come from: arrays, files, folders, packages."""
