"""Replay a decision from its own inputs, without a database, and name what differs."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.claims.adjudication import RULES, adjudicate
from dinghai.foundation.canonical import JSON, canonical_bytes, document_hash
from dinghai.foundation.errors import InputError, Refusal


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome. ``line`` is the first line that differs, ``field`` what differs in it."""

    same: bool
    hash: str
    line: int | None = None
    field: str | None = None
    message: str = ""

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"same": self.same, "hash": self.hash, "line": self.line, "field": self.field,
                "message": self.message}


def replay(decision: JSON, *, file: str | None = None) -> Replay:
    """Recompute a decision. Raises InputError for a document that is not a decision, Refusal for
    one made under rules that this engine does not keep.
    """
    check_decision(decision, file=file)
    inputs = decision["inputs"]
    if decision["rules"] != RULES:
        raise Refusal(f"made under rules {decision['rules']}, this engine keeps {RULES}")
    try:
        again = adjudicate(inputs["policy"], inputs["claim"], inputs.get("history"))
    except InputError as error:
        # what was once decided can be decided again: inputs that cannot are not those of then
        return Replay(False, "", None, f"inputs.{error.fault.file}.{error.fault.field}",
                      f"the inputs make no decision: {error.fault.message}")
    return _compare(decision, again)


def check_decision(decision: JSON, *, file: str | None = None) -> None:
    """Raise InputError for a document that is not a whole decision."""
    if not isinstance(decision, dict) or decision.get("schema") != "dinghai.decision/1":
        raise InputError("this is not a decision", file=file, field="schema",
                         mend="give a document of schema dinghai.decision/1")
    missing = [key for key in ("rules", "inputs", "lines", "total_fen", "hash")
               if key not in decision]
    inputs = decision.get("inputs")
    if not isinstance(inputs, dict) or {"policy", "claim"} - set(inputs):
        missing.append("inputs")
    if not isinstance(decision.get("lines"), list):
        missing.append("lines")
    if missing:
        raise InputError("the decision is not complete", file=file, field=missing[0],
                         mend="give the whole document as it was issued")
    for index, line in enumerate(decision["lines"]):
        steps = line.get("steps") if isinstance(line, dict) else None
        if not isinstance(steps, list) or {"no", "coverage", "outcome"} - set(line) or not all(
                isinstance(step, dict) and "rule" in step for step in steps):
            raise InputError("a line of the decision is not complete", file=file,
                             field=f"lines[{index}]",
                             mend="give the whole document as it was issued")


def _compare(decision: dict[str, JSON], again: dict[str, JSON]) -> Replay:
    given, made = decision["lines"], again["lines"]
    for index in range(max(len(given), len(made))):
        one = given[index] if index < len(given) else None
        other = made[index] if index < len(made) else None
        if one is None or other is None or canonical_bytes(one) != canonical_bytes(other):
            field = _first_difference(one, other)
            return Replay(False, again["hash"], index + 1, field,
                          f"line {index + 1} differs in {field}")
    if decision["total_fen"] != again["total_fen"]:
        return Replay(False, again["hash"], None, "total_fen",
                      "the lines hold, their total does not")
    for key in ("layers", "reinstatement", "erosion"):
        if decision.get(key) != again.get(key):
            return Replay(False, again["hash"], None, key, f"the lines hold, {key} does not")
    stated = decision["hash"]
    if stated != again["hash"] or stated != document_hash(decision):
        return Replay(False, again["hash"], None, "hash",
                      "no line changes, but the content does not give the hash")
    return Replay(True, again["hash"], message="the same, byte for byte")


def _first_difference(one: JSON, other: JSON) -> str:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return "presence"
    for key in dict.fromkeys((*one, *other)):
        if one.get(key) != other.get(key):
            return str(key)
    return "content"
