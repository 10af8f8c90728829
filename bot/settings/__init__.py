"""The coach's settings, from the environment and a .env file, all with the prefix COACH_.

Built by `load`, never at import. The README's table is made from the descriptions in fields.py.
"""

from bot.settings.fields import PLATFORMS, PREFIX, Settings, read_prices, table
from bot.settings.reading import load

__all__ = ["PLATFORMS", "PREFIX", "Settings", "load", "read_prices", "table"]
