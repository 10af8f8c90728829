"""The default grader: no network, no key, no GPU. Importing it loads no model."""

from bot.graders.embedded.grader import EmbeddedGrader

__all__ = ["EmbeddedGrader"]
