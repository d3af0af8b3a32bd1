"""The components of the site. Load with ``{% load dinghai %}``; /styleguide/ shows every one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, FileInput, Select, Textarea
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import reverse
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString

from dinghai.documents.readings import law_words
from dinghai_platform.core.clock import today
from dinghai_platform.site import formats, words
from dinghai_platform.site.charts import Chart
from dinghai_platform.site.icons import icon_svg
from dinghai_platform.site.tracing import TraceNode, trace_node

register = template.Library()

register.filter("money_text", formats.money_text)
register.filter("short_money", formats.short_money_text)
register.filter("percent", formats.percent_text)
register.filter("ratio", formats.ratio_text)
register.filter("score", formats.score_text)
register.filter("duration", formats.duration_text)
register.filter("named", words.name_of)
register.filter("role_name", words.role_name)
register.simple_tag(icon_svg, name="icon")


# --- values --------------------------------------------------------------------------------------


@register.filter
def source(name: Any) -> str:
    """``{{ row.source|source }}``: what a table names as its source, in the page's language."""
    return formats.source_text(str(name or ""))


@register.filter
def note(text: Any) -> str:
    """``{{ row.note|note }}``: what a calibration table notes of a figure, in the page's language.
    """
    return formats.note_text(str(text or ""))


@register.filter
def money(fen: int | None) -> SafeString:
    """An amount in fen as ¥1,234,567.89, sortable. In an attribute use ``money_text``."""
    return format_html(
        '<data class="dh-number" value="{}">{}</data>',
        "" if fen is None else fen,
        formats.money_text(fen),
    )


@register.filter
def day(value: Any) -> SafeString:
    """A day in Shanghai."""
    return _time(value, formats.day_text(value))


@register.filter
def moment(value: Any) -> SafeString:
    """A moment in Shanghai, to the minute."""
    return _time(value, formats.moment_text(value))


@register.filter
def until(value: Any) -> SafeString:
    """A moment by which something is due: midnight shows as 24:00 of the day before."""
    return _time(value, formats.deadline_text(value))


def _time(value: Any, text: str) -> SafeString:
    return format_html(
        '<time class="dh-number" datetime="{}">{}</time>', formats.machine_moment(value), text
    )


@register.filter
def law(citation: str) -> str:
    """A law as cited: ``保险法57条``; on an English page its English name and the article."""
    if formats.is_chinese() or not citation:
        return citation
    return law_words(citation.split("（")[0].split("；")[0], "en")


@register.filter
def valued(value: Any, unit: str = "") -> str:
    """A value in a unit the engine names (fen, ppm, ratio, seconds, per_year …)."""
    return formats.value_text(value, unit)


# --- marks ---------------------------------------------------------------------------------------


@register.simple_tag
def tip(text: Any, hint: Any) -> SafeString:
    """Text with a hint that shows on hover and on focus and is read out."""
    return format_html(
        '<span class="dh-tip" tabindex="0" data-tip="{}">{}'
        '<span class="visually-hidden"> ({})</span></span>',
        hint,
        text,
        hint,
    )


@register.simple_tag
def grade(letter: str | None, size: str = "") -> SafeString:
    """The grade A to E of a risk; a dash while there is none. ``size="large"`` for headlines."""
    known = letter if letter in {"A", "B", "C", "D", "E"} else ""
    return format_html(
        '<span class="dh-grade dh-grade-{}{}">{}</span>',
        known.lower() or "none",
        f" dh-grade-{size}" if size else "",
        known or formats.UNKNOWN,
    )


@register.simple_tag
def severity(code: str) -> SafeString:
    """The severity of a finding: info, low, medium, high, critical."""
    word = words.SEVERITIES.get(code, words.Word(code))
    return format_html(
        '<span class="dh-severity dh-severity-{}"><i aria-hidden="true"></i>{}</span>',
        code,
        word.label,
    )


@register.simple_tag
def status(code: str, label: Any = None, tone: str = "") -> SafeString:
    """The state of something. Label and colour come from the words of the site."""
    word = words.state_word(str(code))
    return format_html(
        '<span class="dh-status dh-tone-{}">{}</span>', tone or word.tone, label or word.label
    )


@register.simple_tag
def confidence(mark: str | None, source: str = "") -> SafeString:
    """How far a figure can be trusted: T, A, M, D or high, medium, low, with its source."""
    if not mark:
        return SafeString("")
    word = words.CONFIDENCES.get(mark, words.Word(mark))
    hint = " · ".join(str(part) for part in (word.hint, source) if part)
    return format_html(
        '<span class="dh-confidence dh-tone-{} dh-tip" tabindex="0" data-tip="{}">{}'
        '<span class="visually-hidden"> ({})</span></span>',
        word.tone,
        hint,
        word.label,
        hint,
    )


@register.simple_tag
def evidence(text: Any, href: str = "", reference: Any = "") -> SafeString:
    """A link to the evidence behind a statement, with line or element if known."""
    tag, address = ("a", format_html(' href="{}"', href)) if href else ("span", "")
    place = format_html('<span class="dh-evidence-place">{}</span>', reference) if reference else ""
    clip = icon_svg("paperclip")
    return format_html(
        '<{} class="dh-evidence"{}>{}{}{}</{}>', tag, address, clip, text, place, tag
    )


@register.simple_tag
def meter(ppm: int | None, label: Any = "", tone: str = "", unit: str = "score") -> SafeString:
    """A bar from nothing to one, with its figure beside it: a ``score``, or ``percent``."""
    if ppm is None:
        return format_html('<span class="text-secondary">{}</span>', formats.UNKNOWN)
    return format_html(
        '<span class="dh-meter{}"><progress max="1000000" value="{}" aria-label="{}"></progress>'
        '<data class="dh-number" value="{}">{}</data></span>',
        f" dh-meter-{tone}" if tone else "",
        ppm,
        label,
        ppm,
        formats.percent_text(ppm, 1) if unit == "percent" else formats.score_text(ppm),
    )


# --- parts of a page -----------------------------------------------------------------------------


@register.simple_tag
def crumb(label: Any, href: str = "") -> SafeString:
    """One step of the breadcrumbs; the one without an address is where the reader is."""
    if href:
        return format_html('<li class="breadcrumb-item"><a href="{}">{}</a></li>', href, label)
    return format_html(
        '<li class="breadcrumb-item active"><span aria-current="page">{}</span></li>', label
    )


@register.inclusion_tag("site/parts/stat.html")
def stat(
    label: Any,
    value: Any,
    hint: Any = "",
    icon: str = "",
    tone: str = "",
    href: str = "",
    mark: str = "",
) -> dict[str, Any]:
    """One figure with its name. ``mark`` is a confidence mark.

    A long figure is set smaller, so that an amount keeps to one line.
    """
    signs = len(strip_tags(str(value)))
    length = "" if signs <= 11 else " dh-stat-long" if signs <= 15 else " dh-stat-very-long"
    return {"label": label, "value": value, "hint": hint, "icon": icon, "tone": tone,
            "href": href, "mark": mark, "length": length}


@register.inclusion_tag("site/parts/empty.html")
def empty(
    title: Any, text: Any = "", icon: str = "folder-open", href: str = "", action: Any = ""
) -> dict[str, Any]:
    """What to say where there is nothing yet: why, and what to do next."""
    return locals()


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: Any = "") -> SafeString:
    """A paragraph that must not be missed. Tones: info, good, warn, bad, neutral."""
    icons = {"good": "circle-check", "warn": "alert-triangle", "bad": "circle-x"}
    head = format_html('<p class="dh-callout-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="dh-callout dh-tone-{}"{}>{}<div>{}{}</div></div>',
        tone,
        SafeString(' role="alert"') if tone == "bad" else "",
        icon_svg(icons.get(tone, "info-circle")),
        head,
        content,
    )


@register.inclusion_tag("site/parts/timeline.html")
def timeline(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What happened and what is to come, oldest first.

    Each event: ``title``; optional ``when``, ``text``, ``icon``, ``tone``, ``href``, ``actor``,
    ``status`` (a state code) and ``links`` (pairs of label and address).
    """
    return {"events": events}


@register.inclusion_tag("site/parts/steps.html")
def steps(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The six steps of a case. Each: ``label``, ``state`` (done, current, planned), ``href``,
    ``text``."""
    return {"items": items}


@register.inclusion_tag("site/parts/clock.html")
def deadline(
    label: Any,
    due: Any,
    state: str = "running",
    statute: Any = "",
    remaining: int | None = None,
    reason: Any = "",
) -> dict[str, Any]:
    """A clock that runs by law: running, paused, met or late, with its statute and the seconds
    that remain (negative when late)."""
    return {"label": label, "due": due, "state": state, "statute": law(str(statute)),
            "remaining": remaining, "reason": reason}


@register.inclusion_tag("site/parts/trace.html")
def trace(node: Any, open_levels: int = 2) -> dict[str, Any]:
    """The tree of reasons behind a value: a Trace, its dict, or a TraceNode."""
    root = node if isinstance(node, TraceNode) else trace_node(node)
    return {"node": root, "levels": open_levels}


@register.inclusion_tag("site/parts/chart.html")
def chart(identifier: str, drawing: Chart, title: Any, note: Any = "") -> dict[str, Any]:
    """A chart with its table. ``identifier`` is unique on the page."""
    return {
        "identifier": identifier,
        "chart": drawing,
        "spec": drawing.to_dict(),
        "title": title,
        "note": note,
    }


@register.simple_block_tag(takes_context=True)
def datatable(
    context: Context, content: str, name: str, export: str = "", filtered: bool = True
) -> SafeString:
    """Around a ``<table>``: sorting by its headings, a filter and CSV of what is shown.

    Without script it is the table. ``name`` says what it lists; ``export`` is the file's name.
    Headings with ``data-sort="none"`` do not sort; a cell may carry ``data-sort`` as its key.
    """
    engine = context.template.engine
    return engine.get_template("site/parts/datatable.html").render(
        Context({"content": content, "name": name, "export": export, "filtered": filtered})
    )


@register.inclusion_tag("site/parts/pagination.html", takes_context=True)
def pagination(context: Context, page: Page) -> dict[str, Any]:
    """Pages of a long list; other parameters of the address are kept."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page": page, "numbers": numbers, "request": context.get("request")}


@register.simple_block_tag
def dialog(content: str, identifier: str, title: Any) -> SafeString:
    """A dialog that ``<button data-dialog="identifier">`` opens."""
    return format_html(
        '<dialog class="dh-dialog" id="{}" aria-labelledby="{}-title">'
        '<h2 class="dh-dialog-title" id="{}-title">{}</h2>{}</dialog>',
        identifier,
        identifier,
        identifier,
        title,
        content,
    )


# --- forms ---------------------------------------------------------------------------------------


def _widget_class(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "dh-choices"
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    if isinstance(widget, Textarea | FileInput):
        return "form-control"
    return "form-control"


@register.inclusion_tag("site/parts/field.html")
def field(bound: BoundField, hint: Any = "", unit: Any = "") -> dict[str, Any]:
    """A form field with label, help and errors, tied together for a screen reader."""
    described = [f"{bound.id_for_label}-help"] if hint or bound.help_text else []
    described += [f"{bound.id_for_label}-errors"] if bound.errors else []
    attributes = {"class": _widget_class(bound) + (" is-invalid" if bound.errors else "")}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attributes),
        "is_check": attributes["class"].startswith("form-check-input"),
        "is_group": attributes["class"].startswith("dh-choices"),
        "hint": hint or bound.help_text,
        "unit": unit,
    }


@register.inclusion_tag("site/parts/form.html")
def form_fields(form: Any) -> dict[str, Any]:
    """Errors of the whole form, then every field in order."""
    return {"form": form}


@register.inclusion_tag("site/parts/slider.html")
def slider(
    name: str,
    label: Any,
    value: int,
    unit: str = "fen",
    minimum: int = 0,
    maximum: int = 100,
    step: int = 1,
    stops: Sequence[int] | None = None,
    hint: Any = "",
) -> dict[str, Any]:
    """A range input that shows its value and asks for new figures while it moves.

    With ``stops`` the handle walks over those values (limits do not grow evenly) and a hidden
    input carries the value; without, from ``minimum`` to ``maximum`` by ``step``. It fires
    ``dinghai:slide`` on its form: ``<form hx-get="…" hx-trigger="dinghai:slide" …>``.
    """
    values = list(stops) if stops else []
    at = min(range(len(values)), key=lambda i: abs(values[i] - value)) if values else value
    low, high = (values[0], values[-1]) if values else (minimum, maximum)
    return {
        "name": name,
        "label": label,
        "value": value,
        "text": formats.value_text(value, unit),
        "unit": unit,
        "stops": json.dumps(values) if values else "",
        "at": at,
        "minimum": 0 if values else minimum,
        "maximum": len(values) - 1 if values else maximum,
        "step": 1 if values else step,
        "low": _end_text(low, unit),
        "high": _end_text(high, unit),
        "hint": hint,
    }


def _end_text(value: int, unit: str) -> str:
    return formats.short_money_text(value) if unit == "fen" else formats.value_text(value, unit)


# --- the frame -----------------------------------------------------------------------------------


register.simple_tag(today, name="business_day")


@register.simple_tag(takes_context=True)
def again(context: Context, block: str) -> SafeString:
    """A block of the page once more: the heading is the name that the window already has."""
    node = context.render_context[BLOCK_CONTEXT_KEY].get_block(block)
    return node.nodelist.render(context) if node else SafeString("")


@register.inclusion_tag("site/parts/menu.html", takes_context=True)
def side_menu(context: Context) -> dict[str, Any]:
    """The menu the core hands over (``menu``), grouped by section."""
    request = context.get("request")
    path = getattr(request, "path", "")
    items = [(item, reverse(item.url_name)) for item in context.get("menu") or ()]
    # Of two addresses that lead here (/claims/ and /claims/incidents/) the longer one does.
    here = max((address for _item, address in items if is_here(address, path)), key=len,
               default="")
    sections: dict[str, list[Any]] = {}
    for item, address in items:
        sections.setdefault(item.section, []).append((item, address))
    return {
        "sections": [(words.SECTIONS.get(code, code), rows) for code, rows in sections.items()],
        "here": here,
        "url_name": getattr(getattr(request, "resolver_match", None), "view_name", ""),
    }


@register.filter
def is_here(address: str, path: str) -> bool:
    """Whether a menu address is the page shown or leads to it."""
    return path == address or (address != "/" and path.startswith(address))


@register.filter
def comma_list(items: Sequence[Any]) -> SafeString:
    """Items side by side, in the way of the language."""
    mark = "、" if formats.is_chinese() else ", "
    return format_html_join(mark, "{}", ((item,) for item in items))
