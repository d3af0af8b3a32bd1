"""Files of losses and fits of them, for the tests of fits."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from unittest import mock

from dinghai.documents.file_fit import FitQuestion
from dinghai.foundation.streams import uniforms
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.actuarial.services import fitting
from dinghai_platform.actuarial.services.fits import ask_fit, upload_fit
from dinghai_platform.actuarial.services.fitting import Paper
from tests.platform.story import World, work

LOSSES = FitQuestion("severity", "loss")


def losses_csv(rows: int = 120, *, seed: int = 7, broken: int = 0) -> bytes:
    """Losses of a Pareto tail with a day, a day of notice and a group; the last few are broken."""
    draws = uniforms(seed, "tests.fits", rows, 1)[:, 0].tolist()
    lines = ["loss,day,notified,kind"]
    for place, draw in enumerate(draws):
        month, day = 1 + place % 12, 1 + place % 28
        amount = "n/a" if place >= rows - broken else f"{1_000 * (1 - draw) ** -0.7:.2f}"
        began = date(2022 + place % 3, month, day)
        known = began + timedelta(days=10 + int(300 * draw))
        lines.append(f"{amount},{began},{known},{'ab'[place % 2]}")
    return "\n".join(lines).encode()


def uploaded(world: World, content: bytes | None = None, *, name: str = "losses.csv",
             title: str = "赎金损失") -> FitReport:
    """A file that waits for its question."""
    return upload_fit(losses_csv() if content is None else content, name=name, title=title,
                      purpose="2027 年费率依据", actor=world.actor("actuary"))


def fitted(world: World, question: FitQuestion = LOSSES, content: bytes | None = None, *,
           title: str = "赎金损失", unit: str = "CNY", shipped: str = "",
           papers: bool = True) -> FitReport:
    """A fit worked off to its end; without ``papers`` theirs are blank, which is much quicker."""
    fit = ask_fit(uploaded(world, content, title=title), question, unit=unit, shipped=shipped,
                  actor=world.actor("actuary"))
    with contextlib.nullcontext() if papers else mock.patch.object(
            fitting, "paper_of", lambda _fit, _answer, language, on: Paper(language, "", b"")):
        work()
    return fresh(fit)


def fresh(fit: FitReport) -> FitReport:
    """The fit as it is now."""
    found: FitReport = FitReport.objects.within(fit.tenant).select_related(
        "job", "tenant").get(pk=fit.pk)
    return found
