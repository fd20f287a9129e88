"""From scores to p-values and decisions."""
