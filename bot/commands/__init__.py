"""What people can do, written once: Discord's command tree, Slack's verbs and the local chat are made from TABLE.

An adapter converts its platform's event into a Call, hands it to `dispatch`, and shows the Message or Form that comes
back. Whether an answer is personal and whether a form opens is fixed in the table, because Discord wants to know both
before anything runs.
"""

from bot.commands.calls import ARGUMENT_LIMIT, Call, Command, Kind, MaySee, Param
from bot.commands.people import home, ranked
from bot.commands.running import command_of, complete, dispatch, mentioned, parse, perform
from bot.commands.table import BY_VERB, TABLE

__all__ = [
    "ARGUMENT_LIMIT",
    "BY_VERB",
    "TABLE",
    "Call",
    "Command",
    "Kind",
    "MaySee",
    "Param",
    "command_of",
    "complete",
    "dispatch",
    "home",
    "mentioned",
    "parse",
    "perform",
    "ranked",
]
