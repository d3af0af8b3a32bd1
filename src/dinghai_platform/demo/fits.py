"""The fit of the demonstration: large losses made by a keyed stream. No such claims ever were.

They are drawn as the well-known Danish fire losses look: a lognormal body, a tail that is a power,
and nothing below a reporting floor. Title, purpose and file name say that they are made up.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from math import exp, log

from scipy.special import ndtr, ndtri

from dinghai.documents.file_fit import FitQuestion
from dinghai.foundation.streams import uniforms
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.actuarial.services.fits import ask_fit, upload_fit
from dinghai_platform.demo.story import Story, stand_at, work

_SEED = 20261020
_LOSSES = 900
_FLOOR = 1_000_000
_THRESHOLD = 8_000_000
_TAIL = 0.12
_XI = 0.75
_MU, _SIGMA = log(2_200_000), 0.9
_FIRST = date(2021, 1, 1)
_DAYS = 2_100
_LINES = ("营业中断", "数据恢复", "第三方责任")


def fit_made_up_losses(story: Story) -> FitReport:
    """Upload made-up losses as the actuary, ask for the laws of their size, and work it off."""
    stand_at("2026-10-20T10:00:00")
    actuary = story.actor("actuary")
    fit = upload_fit(
        made_up_losses(), name="虚构大额损失.csv", actor=actuary,
        title="虚构数据：大额损失 2021–2026",
        purpose="演示：由键控随机流生成，不是任何保险人的赔付经历")
    fit = ask_fit(
        fit, FitQuestion("severity", "loss_yuan", floor=float(_FLOOR),
                         limits=(2e6, 5e6, 1e7, 5e7)),
        unit="CNY", shipped="ransom_payments.amount", actor=actuary)
    work()
    return fit


def made_up_losses() -> bytes:
    """The file: the same bytes every time."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("loss_yuan", "occurred", "line"))
    for size, when, line in uniforms(_SEED, "demo.fits.losses", _LOSSES, 3).tolist():
        amount = _THRESHOLD * ((1.0 - size) / _TAIL) ** -_XI if size > 1.0 - _TAIL else (
            _body(size / (1.0 - _TAIL)))
        writer.writerow((f"{amount:.2f}", _FIRST + timedelta(days=int(when * _DAYS)),
                         _LINES[int(line * len(_LINES))]))
    return text.getvalue().encode()


def _body(share: float) -> float:
    """The amount below which so large a share of the body lies, between floor and threshold."""
    low, high = (float(ndtr((log(edge) - _MU) / _SIGMA)) for edge in (_FLOOR, _THRESHOLD))
    return exp(_MU + _SIGMA * float(ndtri(low + share * (high - low))))
