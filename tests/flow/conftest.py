"""The fixtures of these tests. What they share stands in world.py: who imports this file gets another copy of it."""

from tests.flow.world import engine, world

__all__ = ["engine", "world"]
