"""MLOps Coach: a daily interview question, strict grades and leaderboards in a chat."""

__version__ = "0.1.0"
