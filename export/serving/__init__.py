"""SavedModels for servers, and the files beside them for operators and clients."""
