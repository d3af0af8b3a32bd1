"""The parts of a page, and what no template may contain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation

import dinghai_platform
from dinghai.foundation.trace import Source, Trace
from dinghai_platform.core.house import house_apps
from dinghai_platform.site.charts import bar_chart, curve_chart, radar_chart, waterfall_chart
from dinghai_platform.site.icons import icon_names
from dinghai_platform.site.tracing import trace_node

PLATFORM = Path(dinghai_platform.__file__).parent
TEMPLATES = sorted(PLATFORM.glob("*/templates/**/*.html"))


def drawn(source: str, **context: object) -> str:
    with translation.override("en"):
        return Template("{% load dinghai %}" + source).render(Context(context))


def test_money_carries_its_fen_for_sorting() -> None:
    assert drawn("{{ x|money }}", x=12_345) == (
        '<data class="dh-number" value="12345">¥123.45</data>'
    )
    assert 'value=""' in drawn("{{ x|money }}", x=None)


def test_grade_of_nothing_is_a_dash() -> None:
    assert "dh-grade-b" in drawn('{% grade "B" %}')
    assert "—" in drawn("{% grade None %}")
    assert "—" in drawn('{% grade "<b>" %}')


def test_a_state_nobody_registered_shows_itself() -> None:
    assert ">In force<" in drawn('{% status "in_force" %}')
    assert ">half baked<" in drawn('{% status "half_baked" %}')
    assert "dh-tone-bad" in drawn('{% status "half_baked" tone="bad" %}')


def test_confidence_speaks_its_meaning_and_source() -> None:
    html = drawn('{% confidence "A" "IRIS 2025" %}')
    assert "the original was not seen · IRIS 2025" in html
    assert drawn('{% confidence "" %}') == ""


def test_text_from_data_is_escaped() -> None:
    bad = "<script>x</script>"
    html = drawn(
        "{% evidence x x reference=x %}{% stat x x %}{% timeline e %}{% tip x x %}{% status x %}",
        x=bad,
        e=[{"title": bad, "text": bad}],
    )
    assert "<script>" not in html


def test_an_unknown_icon_is_an_error_at_once() -> None:
    with pytest.raises(LookupError, match=r"icons\.json"):
        drawn('{% icon "no-such-icon" %}')


def test_every_icon_of_the_menu_is_in_the_sprite() -> None:
    used = {item.icon for room in house_apps() for item in room.menu}
    assert used <= icon_names()


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r'{% icon "([\w-]+)"|icon="([\w-]+)"', path.read_text("utf-8"))
        for name in name
        if name
    }
    assert len(used) > 20
    assert used <= icon_names()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(PLATFORM).as_posix())
def test_no_template_needs_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text)


def test_trace_shows_value_source_and_the_way_it_was_made() -> None:
    leaf = Trace(
        "base", 0.0031, "per_year", "table", Source("Coalition", "T", "2025", (0.002, 0.01))
    )
    root = Trace("frequency.ransomware", 0.0057, "per_year", "product", None, (leaf,))
    html = drawn("{% trace t %}", t=root)
    assert html == drawn("{% trace t %}", t=root.to_dict())
    for part in ("Frequency · Ransomware", "product of", "0.0031 a year", "Coalition · 2025"):
        assert part in html
    assert "0.002 a year – 0.01 a year" in html
    with translation.override("en"):
        assert trace_node(Trace("own.code", 1)).label is None


def test_waterfall_hangs_changes_between_totals() -> None:
    chart = waterfall_chart(
        [("a", 100, "total"), ("b", 30, "change"), ("c", -50, "change"), ("d", 80, "total")],
        unit="fen",
    )
    base, height = (series["data"] for series in chart.option["series"])
    assert base == [0, 100, 80, 0]
    assert height == [100, 30, 50, 80]
    assert chart.tones == ("main", "warn", "good", "main")
    assert chart.rows[2][-1] == "-¥0.50"


def test_charts_are_plain_json_with_their_table() -> None:
    charts = [
        bar_chart(["x", "y"], {"s": [1, 2]}, unit="count", horizontal=True, tones=["bad", "good"]),
        radar_chart(["x", "y", "z"], {"s": [1, None, 3]}, unit="score", maximum=4),
        curve_chart({"s": [(1.0, 2.0)]}, unit="fen", x_name="x", y_name="y"),
    ]
    for chart in charts:
        assert json.loads(json.dumps(chart.to_dict()))["unit"] == chart.unit
        assert chart.rows and all(len(row) == len(chart.columns) for row in chart.rows)
    assert charts[0].tones == ("good", "bad")
    html = drawn('{% chart "loss" c title="Loss" %}', c=charts[0])
    assert 'data-chart="loss-data"' in html and 'id="loss-data"' in html
    assert "<table" in html and "renderMode" not in html


def test_slider_with_stops_carries_its_value() -> None:
    html = drawn('{% slider "limit" "Limit" 500 stops=s %}', s=[100, 480, 900])
    assert 'max="2"' in html and 'value="1"' in html and 'type="hidden" name="limit"' in html
    plain = drawn('{% slider "deductible" "D" 5 minimum=0 maximum=9 %}')
    assert 'name="deductible"' in plain and 'type="hidden"' not in plain


def test_styleguide_is_for_builders_only(client: Client) -> None:
    assert client.get("/styleguide/").status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_styleguide_shows_every_component(client: Client, settings, language: str) -> None:
    settings.DEBUG = True
    client.cookies["django_language"] = language
    answer = client.get("/styleguide/?errors=1")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<html lang=" + ('"zh-Hans"' if language == "zh-hans" else '"en"') in html
    assert ("保费从何而来" in html) == (language == "zh-hans")
    for part in ("dh-steps", "dh-trace", "dh-clock", "dh-timeline", "dh-empty", "dh-errors"):
        assert part in html
    assert html.count("<h1") == 1 and html.count("<main") == 1


@pytest.mark.parametrize("code", ["400", "403", "404", "500"])
def test_error_pages_stand_without_any_context(code: str) -> None:
    from django.template.loader import get_template

    html = get_template(f"{code}.html").render({})
    assert code in html and "<h1>" in html


def test_sign_in_page_wears_the_house_s_look(client: Client, db: None) -> None:
    html = client.get("/accounts/login/").content.decode()
    assert "dh-alone" in html and "登录" in html and 'name="password"' in html
