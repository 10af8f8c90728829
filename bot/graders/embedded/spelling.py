"""Words as they were meant: short forms of the field spelt out, and slips of one letter put right.

Short forms are spelt out on both sides of a comparison, since either may use them. A slip is put right only towards a
word of the question's own material, and only in a word that the encoder's vocabulary doesn't have whole: a real word is
never changed into another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

_TABLE = """
k8s=kubernetes; iac=infrastructure as code; lb=load balancer; lbs=load balancers; e2e=end to end
rps=requests per second
qps=queries per second; infra=infrastructure; env=environment; envs=environments; config=configuration
configs=configurations; cfg=configuration; db=database; dbs=databases; prod=production; stg=staging; repo=repository
repos=repositories; deps=dependencies; reqs=requests; req=request; svc=service; svcs=services; msg=message
msgs=messages; conn=connection; conns=connections; pw=password; pws=passwords; pwd=password; hpa=horizontal autoscaler
pdb=pod disruption budget; az=availability zone; azs=availability zones; spof=single point of failure
slo=service level objective; slos=service level objectives; sla=service level agreement; oom=out of memory
rbac=role based access control; pr=pull request; prs=pull requests; mr=merge request; mrs=merge requests
ann=approximate nearest neighbour; fps=false positives; pitr=point in time recovery; cuz=because; thru=through
app=application; apps=applications; params=parameters; hyperparams=hyperparameters; preproc=preprocessing
feats=features; feat=feature; autoscale=automatically scale; dockerize=put into a docker container; chk=check
chks=checks; freq=frequency; perf=performance; auth=authentication; misconfig=wrong configuration
"""
SHORT_FORMS = dict(each.strip().split("=") for line in _TABLE.strip().splitlines() for each in line.split(";"))
"""Short forms of the field and what they stand for; written for this, not taken from any data."""

_WITH = re.compile(r"(?<!\S)w/(o?)(?=[\s\w])", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 4


def spelt_out(text: str) -> str:
    """The text with short forms spelt out; other words keep their case."""
    text = _WITH.sub(lambda found: "without" if found[1] else "with", text)
    return _WORD.sub(lambda found: SHORT_FORMS.get(found.group().lower(), found.group()), text)


class Speller:
    """Puts slips right towards the words of one question's material; `known` is the vocabulary of whole words."""

    def __init__(self, material: Iterable[str], known: Collection[str]) -> None:
        self._known = known
        said = {word for text in material for word in _WORD.findall(spelt_out(text).lower())}
        self._meant = sorted(word for word in said if len(word) > _SHORTEST and word.isalpha())
        self._right = lru_cache(1024)(self._find)

    def corrected(self, text: str) -> str:
        """The text with each slip of one letter (missing, extra, wrong, or two swapped) put right."""
        return _WORD.sub(lambda found: self._right(found.group().lower()) or found.group(), text)

    def _find(self, word: str) -> str:
        if len(word) < _SHORTEST or not word.isalpha() or word in self._known or word in self._meant:
            return ""
        return next((meant for meant in self._meant if meant[0] == word[0] and _one_slip(word, meant)), "")


def _one_slip(word: str, meant: str) -> bool:
    """Whether two words differ by one slip; another ending (executes, executed) is none."""
    if abs(len(word) - len(meant)) > 1 or word == meant:
        return False
    shorter, longer = sorted((word, meant), key=len)
    start = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    if start >= len(shorter) - 1 and longer[-1] != longer[-2]:
        return False
    if len(shorter) < len(longer):
        return shorter[start:] == longer[start + 1 :]
    swapped = (
        shorter[start : start + 2] == longer[start : start + 2][::-1] and shorter[start + 2 :] == longer[start + 2 :]
    )
    return shorter[start + 1 :] == longer[start + 1 :] or swapped
