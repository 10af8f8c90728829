"""Waving a practice away: words that say of something good that it isn't needed, or of a shortcut that it can't fail.

An answer that is wrong on the right topic uses the topic's words, so no likeness of words tells it from a right one.
It often gives itself away by how it talks: "no need to test", "always the best", "can't fail", "all at once". One such
turn of phrase is part of many a good answer; two of them are part of hardly any.

Collected from the wrong and contradicting interview answers to the dev questions and widened by hand, so it says little
about others: it finds 10 of those 18, and 2 of the 21 to the test questions. Of 7,442 dev answers of the four data sets
that people graded at least half right six have two different ones, all to questions of fact, and none has three.
"""

from __future__ import annotations

import re

from bot.graders.embedded.text import clean

MANY = 2
"""So many turns of phrase that wave something away make an answer one that argues against good practice."""

MANY_OF_FACTS = 3
"""The same where nobody wrote key points: of a question of fact "isn't needed" may be the answer."""

_NOT = r"(?:n['’]?t| not)"
_DISMISSAL = re.compile(
    "|".join((
        r"\bno (?:real )?(?:need|point|reason|harm) (?:to|in|for)\b",
        rf"\b(?:needn['’]?t|(?:do|does){_NOT} (?:really )?need (?:to|a|an|any|it|them|this|that)"
        rf"|(?:is|are){_NOT} (?:really )?(?:needed|necessary)|(?:not|never) (?:needed|necessary))\b",
        r"\b(?:unnecessary|needless(?:ly)?|superfluous|pointless|overkill|over-?engineering|bureaucracy)\b",
        rf"\b(?:(?:is|are|be){_NOT}|not) (?:really )?worth\b|\bmore trouble than\b|\btoo much (?:work|effort)\b",
        r"\bsaves?(?: (?:the|you|us|all|that|some|a lot of))* (?:time|money|effort|work|trouble)\b",
        rf"\b(?:do|does){_NOT} (?:really )?matter\b|\bwhatever (?:the|your|they) ?\w* (?:says?|wants?)\b",
        rf"\b(?:do{_NOT} (?:bother|worry|care|measure|check|test)|not worry|who cares)\b",
        r"\bnobody (?:looks|reads|notices)\b|\bon its own,? so\b|\bmerely\b|\bbeats being\b|\banyway[.;]?$",
        r"\bis (?:perfectly |usually |totally |completely )?(?:fine|enough|ok|okay|good enough) (?:to|as)\b",
        r"\bit['’]s (?:perfectly |usually |totally |completely )?(?:fine|enough|ok|okay|good enough) (?:to|if|as)\b",
        r"\bby definition\b|\bno limit\b|\b100 ?%|\b(?:which )?guarantees that\b",
        r"\bguaranteed to\b|\bcertainly (?:did|do|is)",
        r"\b(?:cannot|can['’]?t|(?:can|could|will) never|won['’]?t) (?:really )?(?:fail|go wrong|break|go down)\b",
        r"\b(?:is|are) (?:always|simply|just) (?:better|best|the best|right|safe|safer|enough)\b",
        r"\balways (?:take|the best)\b",
        r"\ball (?:\w+ ){0,2}in one go\b|\b(?:everything|everyone|all(?: \w+){0,2}) at once\b",
        r"\bcorrects? itself\b|\bnever loses?\b|\bcosts? (?:no time|nothing)\b|\bonly slows?\b",
        r"\bslows? (?:us|everyone|everybody|people|the team) down\b",
        r"(?:\bit['’]s|\bis|\bare) the (?:quickest|easiest|simplest|cheapest|fastest)\b",
    )),
    re.IGNORECASE,
)  # fmt: skip


def dismissals(text: str) -> frozenset[str]:
    """The turns of phrase of a text that wave something away, in lower case."""
    return frozenset(found.group().lower() for found in _DISMISSAL.finditer(clean(text)))


def dismisses(answer: str, sample: str, *, split: bool = False) -> bool:
    """Whether an answer waves things away again and again, in other words than the sample answer has.

    `split` says that nobody wrote key points. More text never makes it less so.
    """
    return len(dismissals(answer) - dismissals(sample)) >= (MANY_OF_FACTS if split else MANY)
