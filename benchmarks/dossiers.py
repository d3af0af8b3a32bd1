"""Made-up dossiers for benchmarks: the same for the same seed, and clearly fictional."""

from __future__ import annotations

from math import exp
from pathlib import Path

from dinghai.foundation.streams import uniforms
from dinghai.vocabulary.indicators import indicators

_FIELDS = 12
_LIMITS = ("30万", "50万", "100万", "150万", "200万")


def write_dossier(folder: Path, number: int, *, seed: int, limits: tuple[str, ...] = _LIMITS,
                  deductible: str = "0yuan") -> None:
    """Write one small firm's dossier: exposures around the usual ratios, light answers."""
    draws = uniforms(seed, f"dossier.{number}", 1, _FIELDS)[0].tolist()
    revenue_wan = round(200 * exp(4.5 * draws[0]))
    millions = revenue_wan / 715
    records = round(2_000 * millions * exp(3 * (draws[1] - 0.5)))
    folder.mkdir(parents=True)
    (folder / "profile.toml").write_text(f"""schema = "dinghai.profile/1"

[organisation]
name_zh = "示例企业{number}（虚构）"
name_en = "Example enterprise {number} (fictional)"

[exposures]
revenue = "{revenue_wan}万"
gross_profit_rate = "{round(15 + 35 * draws[2])}%"
industry = "{"ABCDEFGHIJKLMNOPQRS"[int(19 * draws[3])]}"
pi_records_general = {records}
pi_records_sensitive = {round(records * 0.2 * draws[4])}
important_data = false
critical_infrastructure = false
online_revenue = "{round(100 * draws[5])}%"
tolerable_outage = "{(4, 8, 24, 72)[int(4 * draws[6])]}h"
ot_systems = {int(6 * draws[7])}
headcount = {max(round(8 * millions * (0.5 + draws[8])), 3)}
endpoints = {max(round(6 * millions * (0.5 + draws[9])), 2)}
jurisdictions = ["CN-mainland"]
high_value_payments_per_year = {round(300 * draws[10])}
mlps_level = 2

[limits_wanted]
limit = "{limits[int(len(limits) * draws[11])]}"
event_deductible = "{deductible}"
""", "utf-8")
    answers = uniforms(seed, f"answers.{number}", 1, len(indicators()))[0].tolist()
    rows = [f"{code},{1 + int(4 * draw)},示例问卷,2026-03-02,," for code, draw
            in zip(indicators(), answers, strict=True)]
    (folder / "answers.csv").write_text(
        "indicator,score,answered_by,answered_at,evidence,note\n" + "\n".join(rows) + "\n",
        "utf-8")
