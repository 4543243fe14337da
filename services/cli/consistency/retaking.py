"""A film's retakes: what each changed, whether it helped, and which changes help against which check. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.orchestrator.domain.lessons import Strategy
from services.orchestrator.domain.retakes import applies

Answer = Mapping[str, Any]

#: Reasons of attempts that were made before attempts named their failed checks.
_FAILED_CHECK: Final = re.compile(r"([a-z][a-z0-9-]*) failed\b")


def failed_checks(attempt: Answer) -> tuple[str, ...]:
    """The checks that an attempt's image failed."""
    named = tuple(attempt.get("failed_checks") or ())
    if named or attempt["outcome"] != "failed-validation":
        return named
    return tuple(dict.fromkeys(_FAILED_CHECK.findall(str(attempt.get("reason", "")))))


def reviewers_word(attempt: Answer) -> str:
    """What a reviewer said of an attempt whose image had failed its checks; empty = nobody did."""
    checks, last = str(attempt.get("check_reason") or ""), str(attempt.get("reason") or "")
    return last if checks and last != checks else ""


def retakes_of(code: str, attempts: Sequence[Answer]) -> list[dict[str, Any]]:
    """Every call after an image that failed its checks: why, what was changed, and whether it helped."""
    told = sorted(attempts, key=lambda item: (item["take"], item.get("attempt", 0)))
    found = []
    for place, after in enumerate(told):
        before = next(
            (item for item in reversed(told[:place]) if _is_judged(item) and item["take"] < after["take"]), None
        )
        if before is not None and _has_failed(before):
            found.append(_retake(code, before, after))
    return found


def _is_judged(attempt: Answer) -> bool:
    return attempt.get("asset") is not None or attempt["outcome"] in {"accepted", "failed-validation", "passed-over"}


def _has_failed(attempt: Answer) -> bool:
    return attempt["outcome"] == "failed-validation" or bool(failed_checks(attempt))


def _retake(code: str, before: Answer, after: Answer) -> dict[str, Any]:
    return {
        "code": code,
        "take": after["take"],
        "failed": list(failed_checks(before)),
        "reason": before.get("check_reason") or before.get("reason", ""),
        "reviewer": reviewers_word(before),
        "changed": after.get("changed", ""),
        "strategies": list(after.get("strategies") or ()),
        "skipped": list(after.get("skipped") or ()),
        "model": after["model"],
        "outcome": after["outcome"],
        "helped": _helped(before, after),
        "cost_usd_micros": after.get("cost_usd_micros", 0),
        "generation_id": after.get("generation_id"),
        "before": before.get("generation_id"),
    }


def _helped(before: Answer, after: Answer) -> bool | None:
    """Whether none of the checks that failed before fails now; None when the retake came to no image."""
    if after.get("helped") is not None:
        return bool(after["helped"])
    if not _is_judged(after):
        return None
    return not set(failed_checks(before)) & set(failed_checks(after))


def strategies(retakes: Iterable[Answer]) -> list[dict[str, Any]]:
    """By failed check and change: tries, how many helped, and how often it was left out as it never had."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for item in retakes:
        for check in item["failed"] if item["helped"] is not None else ():
            for name in item["strategies"]:
                if applies(check, Strategy(name)) and f"{check}: {name}" not in item["skipped"]:
                    counts.setdefault((check, name), Counter()).update(tried=1, helped=int(item["helped"]))
        for left_out in item["skipped"]:
            check, _, name = left_out.partition(": ")
            counts.setdefault((check, name), Counter()).update(skipped=1)
    return [
        {"check": check, "strategy": name, **{what: count[what] for what in ("tried", "helped", "skipped")}}
        for (check, name), count in sorted(counts.items())
    ]
