"""Job handlers of the tests; a worker process loads them as a room's."""

from __future__ import annotations

import signal
from pathlib import Path

from dinghai.foundation.errors import InputError
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.jobs import Progress, Step


@jobs.handler("test.count", title="Count", max_attempts=3)
def count(step: Step) -> Progress:
    """Each item writes one link; the numbers tell whether any was lost or done twice."""
    for number in range(step.progress, min(step.progress + 2, step.arguments["total"])):
        audit.append(step.actor, "test.item", ("test.item", str(number)), {}, tenant=step.tenant)
        if number == step.arguments.get("hang_at"):
            # The chunk is under way: its rows are written, its transaction is not committed.
            Path(step.arguments["marker"]).write_text(str(number), encoding="utf-8")
            signal.pause()
    done = min(step.progress + 2, step.arguments["total"])
    return Progress(done, total=step.arguments["total"], message=f"{done} counted",
                    result={"counted": done})


@jobs.handler("test.fail", max_attempts=3)
def fail(step: Step) -> Progress:
    """Fails with what its arguments say, after having written."""
    audit.append(step.actor, "test.item", ("test.item", "never"), {}, tenant=step.tenant)
    if step.arguments.get("input"):
        raise InputError("the third line is not a number", line=3)
    raise ZeroDivisionError("by zero")


def prepare(step: Step) -> str:
    """What is worked out before the transaction."""
    return f"prepared {step.progress}"


@jobs.handler("test.prepared", prepare=prepare)
def prepared(step: Step) -> Progress:
    """Answers what was prepared, twice."""
    cursor = {"seen": [*step.cursor.get("seen", []), step.prepared]}
    return Progress(step.progress + 1, total=2, cursor=cursor, result=cursor["seen"])


@jobs.handler("test.unscoped")
def unscoped(step: Step) -> Progress:
    """A handler that forgets to say for whom it asks."""
    from dinghai_platform.core.models import StoredFile

    return Progress(StoredFile.objects.count(), finished=True)
