"""Chat platforms: each a package that shows one coach in its own way, and none imports another."""
