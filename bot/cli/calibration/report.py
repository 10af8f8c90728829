"""What a calibration found, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot import measures
from bot.cli.calibration import attacks
from bot.cli.calibration.runs import Run

Number = float | int | None
MOST_WORST = 5
_COMPARED = (
    ("pearson", "agreement", "Pearson"),
    ("spearman", "agreement", "Spearman"),
    ("rmse_0_to_1", "agreement", "RMSE, 0 to 1"),
    ("rmse_1_to_10", "agreement", "RMSE, 1 to 10"),
    ("quadratic_kappa", "agreement", "QWK, 1 to 10"),
    ("mean_score", "agreement", "mean score"),
    ("held", "attacks", "attacks held"),
    ("pending", "failures", "pending"),
    ("errors", "failures", "errors"),
    ("mean", "seconds", "seconds, mean"),
    ("p95", "seconds", "seconds, p95"),
    ("mean", "cost", "cost, mean"),
)


def summary(run: Run) -> dict[str, Any]:
    """All measures of a run, fit for JSON: None where one isn't defined."""
    asked = [each for each in run.outcomes if not each.settled]
    graded = [each for each in asked if each.score is not None]
    models = sorted({each.model for each in run.outcomes if each.model})
    prompts = sorted({each.prompt_version for each in run.outcomes if each.prompt_version})
    return {
        "run": {
            **run.header.model_dump(mode="json"),
            "models": models,
            "prompt_versions": prompts,
            "fallbacks": sum(each.fallback for each in run.outcomes),
        },
        "agreement": _agreement(run),
        "attacks": _attacks(run),
        "failures": _failures(run),
        "seconds": _spread([each.seconds for each in graded]),
        "cost": {**_spread([each.cost for each in graded]), "total": sum(each.cost for each in asked)},
        "tokens": {
            name: sum(getattr(each, f"{name}_tokens") for each in asked) for name in ("input", "cached", "output")
        },
    }


def _agreement(run: Run) -> dict[str, Number]:
    scores = [each.score for each in run.answers if each.score is not None]
    grades = [each.grade for each in run.answers if each.grade is not None]
    floats = [float(score) for score in scores]
    error = measures.rmse([measures.as_grade(score) for score in scores], grades)
    return {
        "answers": len(scores),
        "pearson": measures.pearson(floats, grades),
        "spearman": measures.spearman(floats, grades),
        "rmse_0_to_1": error,
        "rmse_1_to_10": None if error is None else 9 * error,
        "quadratic_kappa": measures.quadratic_kappa(scores, [measures.as_score(grade) for grade in grades]),
        "mean_score": measures.mean(floats),
        "mean_people": measures.mean([1 + 9 * grade for grade in grades]),
    }


def _attacks(run: Run) -> dict[str, Any]:
    scored = sorted(run.attacks, key=lambda each: (-(each.score or 0), each.key))
    above = [each for each in scored if (each.score or 0) > attacks.MOST]
    return {
        "answers": len(scored),
        "held": len(scored) - len(above),
        "most": attacks.MOST,
        "highest": scored[0].score if scored else None,
        "above": [{"id": each.key, "score": each.score} for each in above],
    }


def _failures(run: Run) -> dict[str, Any]:
    pending = sum(each.pending for each in run.failures)
    words = Counter(each.failure for each in run.failures)
    return {
        "pending": pending,
        "errors": len(run.failures) - pending,
        "words": [{"text": text, "times": times} for text, times in words.most_common(MOST_WORST)],
    }


def _spread(values: list[float]) -> dict[str, Number]:
    return {"mean": measures.mean(values), "p95": measures.quantile(values, 0.95)}


# ---------------------------------------------------------------------------------------------- words


def text(found: Mapping[str, Any]) -> str:
    """A summary as lines for a terminal."""
    run, agreement, tokens = found["run"], found["agreement"], found["tokens"]
    sampled = "all" if run["sampled"] == run["rows"] else f"a sample of {run['sampled']}, spread over the questions,"
    grader = ", ".join([run["grader"], *run["models"], *(f"prompt {each}" for each in run["prompt_versions"])])
    lines = [
        f"Data           {run['data']}: {sampled} of {run['rows']} answers, sha256 {run['digest'][:8]}",
        f"Grader         {grader}",
        f"Agreement      {agreement['answers']} answers",
        f"  Pearson      {_shown(agreement['pearson'])}",
        f"  Spearman     {_shown(agreement['spearman'])}",
        f"  RMSE         {_shown(agreement['rmse_0_to_1'])} on 0 to 1, {_shown(agreement['rmse_1_to_10'])} on 1 to 10",
        f"  QWK          {_shown(agreement['quadratic_kappa'])} on 1 to 10",
        f"  means        score {_shown(agreement['mean_score'], 2)}, people {_shown(agreement['mean_people'], 2)}",
        *_attack_lines(found["attacks"]),
        *_failure_lines(found["failures"]),
        f"Seconds        mean {_shown(found['seconds']['mean'])}, p95 {_shown(found['seconds']['p95'])} an answer",
        f"Cost           mean {_shown(found['cost']['mean'], 6)}, p95 {_shown(found['cost']['p95'], 6)} an answer, "
        f"{_shown(found['cost']['total'], 4)} in all",
        f"Tokens         {tokens['input']} in ({tokens['cached']} cached), {tokens['output']} out",
    ]
    if run["fallbacks"]:
        lines.append(
            f"Fallback       {run['fallbacks']} answers were graded by the embedded grader, the model was away"
        )
    return "\n".join(lines)


def _attack_lines(found: Mapping[str, Any]) -> list[str]:
    if not found["answers"]:
        return ["Attacks        none asked"]
    above = [f"  above        {each['id']}: {each['score']}" for each in found["above"][:MOST_WORST]]
    return [f"Attacks        {found['held']} of {found['answers']} held at {found['most']} or below", *above]


def _failure_lines(found: Mapping[str, Any]) -> list[str]:
    words = [f"  {each['times']} times      {each['text']}" for each in found["words"]]
    return [f"Failures       {found['pending']} pending, {found['errors']} errors; none of them has a score", *words]


def _shown(value: Number, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


# ---------------------------------------------------------------------------------------------- two runs


def comparison(before: Run, after: Run) -> str:
    """Two runs beside each other, with what may make them differ."""
    left, right = summary(before), summary(after)
    lines = [f"{'':15}{'before':>12}{'after':>12}{'change':>12}"]
    for name, part, label in _COMPARED:
        old, new = left[part][name], right[part][name]
        change = "-" if old is None or new is None else f"{new - old:+.4g}"
        lines.append(f"{label:15}{_short(old):>12}{_short(new):>12}{change:>12}")
    return "\n".join([*_unlike(left["run"], right["run"]), *lines, _moved(before, after)])


def _unlike(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    names = ("grader", "models", "prompt_versions", "identity", "version", "data", "digest", "sampled")
    return [f"{name:17}{_named(left[name])} -> {_named(right[name])}" for name in names if left[name] != right[name]]


def _moved(before: Run, after: Run) -> str:
    old = {each.key: each.score for each in before.answers}
    moves = [each.score - score for each in after.answers if each.score is not None and (score := old.get(each.key))]
    if not moves:
        return "No answer was graded in both."
    far = sum(abs(move) > 1 for move in moves)
    changed = sum(bool(move) for move in moves)
    return f"{len(moves)} answers were graded in both: {changed} changed, {far} by more than 1."


def _short(value: Number) -> str:
    return "-" if value is None else f"{value:.4g}"


def _named(value: object) -> str:
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value))[:60] or "-"
