"""Lists of rows that are searched, filtered, sorted and paged by the server, and leave as CSV.

A view names the columns once; the page, its headings, its filters and its CSV follow from them:

    return list_page(request, cases(actor), LIST, search=("number__icontains",))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dinghai_platform.core.web import csv_answer, page_of
from dinghai_platform.site import formats, words

MOST_EXPORTED = 50_000
Text = Any


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the value of a row, how it is shown, and what sorts it.

    ``kind``: text, code, link, status, severity, grade, money, percent, score, day, moment,
    clock (with ``state`` and ``due``), count. ``href`` gives the address of a row's link;
    ``sort`` the model's field.
    """

    label: Text
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: str = ""
    href: Callable[[Any], str] | None = None
    note: Callable[[Any], Any] | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the right."""
        return self.kind in {"money", "percent", "score", "count"}

    def plain(self, row: Any) -> Any:
        """The cell as it leaves in a CSV: amounts in yuan, ratios in percent."""
        value = self.value(row)
        match self.kind:
            case _ if value is None:
                return ""
            case "money":
                return f"{value / 100:.2f}"
            case "percent":
                return formats.percent_text(value)
            case "score":
                return formats.score_text(value)
            case "moment":
                return formats.moment_text(value)
            case "clock":
                return formats.deadline_text(value.due)
            case "status":
                return str(words.state_word(str(value)).label)
            case _:
                return value if isinstance(value, int) else str(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above the list: the parameter, its name, and pairs of value and label.

    ``field`` holds the value where it is not called as the parameter; ``narrow`` takes rows and
    value where it takes more than that.
    """

    name: str
    label: Text
    choices: Sequence[tuple[str, Text]]
    field: str = ""
    narrow: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None


@dataclass(frozen=True, slots=True)
class List:
    """What a list shows. ``default_sort`` is a field, with a minus for descending; of
    ``more_columns`` only the CSV has room for."""

    name: Text
    columns: Sequence[Column]
    more_columns: Sequence[Column] = ()
    filters: Sequence[Filter] = ()
    search: Sequence[str] = ()
    default_sort: str = "-id"
    export: str = "list"
    empty: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Heading:
    column: Column
    order: str
    state: str


def narrowed(request: HttpRequest, rows: QuerySet[Any], shown: List) -> QuerySet[Any]:
    """The rows that the request's search and filters leave, in the order it asks for."""
    text = request.GET.get("q", "").strip()[:200]
    if text and shown.search:
        found = Q()
        for path in shown.search:
            found |= Q(**{path: text})
        rows = rows.filter(found)
    for choice in shown.filters:
        value = request.GET.get(choice.name, "")
        if value and value in {str(code) for code, _label in choice.choices}:
            rows = (choice.narrow(rows, value) if choice.narrow else
                    rows.filter(**{choice.field or choice.name: value}))
    sortable = {column.sort for column in shown.columns if column.sort}
    wanted = request.GET.get("sort", "")
    order = wanted if wanted.removeprefix("-") in sortable else shown.default_sort
    return rows.order_by(order, "-id")


def list_page(
    request: HttpRequest,
    rows: QuerySet[Any],
    shown: List,
    *,
    template: str = "site/list.html",
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The list as a page, or as CSV when the request asks for it."""
    return _answer(request, narrowed(request, rows, shown), shown, template, context)


def rows_page(
    request: HttpRequest,
    rows: Sequence[Any],
    shown: List,
    *,
    template: str = "site/list.html",
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The same for rows that are no table of the database: ``search``, ``sort`` and the fields of
    filters are names of their attributes."""
    found = list(rows)
    text = request.GET.get("q", "").strip()[:200].casefold()
    if text and shown.search:
        found = [row for row in found if any(
            text in str(getattr(row, name) or "").casefold() for name in shown.search)]
    for choice in shown.filters:
        value = request.GET.get(choice.name, "")
        if value and value in {str(code) for code, _label in choice.choices}:
            field_name = choice.field or choice.name
            found = [row for row in found if str(getattr(row, field_name)) == value]
    sortable = {column.sort for column in shown.columns if column.sort}
    wanted = request.GET.get("sort", "")
    order = wanted if wanted.removeprefix("-") in sortable else shown.default_sort
    name = order.removeprefix("-")
    known = [row for row in found if getattr(row, name) is not None]
    known.sort(key=lambda row: getattr(row, name), reverse=order.startswith("-"))
    # What is not known goes last, whichever way the list is sorted.
    found = [*known, *(row for row in found if getattr(row, name) is None)]
    return _answer(request, found, shown, template, context)


def _answer(
    request: HttpRequest, found: Any, shown: List, template: str,
    context: Mapping[str, Any] | None,
) -> HttpResponse:
    if request.GET.get("export") == "csv":
        columns = (*shown.columns, *shown.more_columns)
        heading = [column.label for column in columns]
        body = ([column.plain(row) for column in columns] for row in found[:MOST_EXPORTED])
        return csv_answer(shown.export, heading, body)
    page = page_of(request, found)
    chosen = {choice.name: request.GET.get(choice.name, "") for choice in shown.filters}
    return render(
        request,
        template,
        {
            "shown": shown,
            "page": page,
            "headings": _headings(request, shown),
            "cells": [[_Cell(column, row) for column in shown.columns] for row in page],
            "query": request.GET.get("q", ""),
            "filters": [(choice, chosen[choice.name]) for choice in shown.filters],
            "is_narrowed": bool(request.GET.get("q")) or any(chosen.values()),
            **(context or {}),
        },
    )


def _headings(request: HttpRequest, shown: List) -> list[_Heading]:
    now = request.GET.get("sort", shown.default_sort)
    headings = []
    for column in shown.columns:
        state = ""
        if column.sort and now.removeprefix("-") == column.sort:
            state = "descending" if now.startswith("-") else "ascending"
        order = f"-{column.sort}" if state == "ascending" else column.sort
        headings.append(_Heading(column, order, state))
    return headings


class _Cell:
    def __init__(self, column: Column, row: Any) -> None:
        self.column = column
        self.value = column.value(row)
        self.href = column.href(row) if column.href else ""
        self.is_wordy = column.kind in ("text", "link") and len(str(self.value or "")) > 6
        self.note = column.note(row) if column.note else ""
