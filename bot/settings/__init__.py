"""The coach's settings, from the environment and a .env file, all with the prefix COACH_.

Built by `load`, never at import. The README's table is made from the descriptions in fields.py.
"""

from bot.settings.checks import PLATFORMS, read_prices, read_public
from bot.settings.fields import NAMES, PREFIX, Settings, table
from bot.settings.reading import load
from bot.settings.values import SecretStr

__all__ = ["NAMES", "PLATFORMS", "PREFIX", "SecretStr", "Settings", "load", "read_prices", "read_public", "table"]
