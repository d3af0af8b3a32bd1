"""How a page is reached and by whom: signed in, or by a link that leads to one firm."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.addresses import address_of
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import View, fault_of
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.models import Firm, Link, Policy, Quote
from dinghai_platform.small_firms.services.links import (
    actor_of_link,
    link_held,
    live_link,
    note_opened,
)
from dinghai_platform.small_firms.words import error_words

WRONG_LINKS: Final = 30
WRITES: Final = 240
WINDOW_SECONDS: Final = 600
LINK_IN_SESSION: Final = "small_firm_link"
SIGNED_IN: Final = "site/base.html"
BY_LINK: Final = "small_firms/open.html"


@dataclass(frozen=True, slots=True)
class Way:
    """By what way somebody came to a firm: the addresses of its pages, and who acts."""

    actor: Actor
    firm: Firm | None
    link: Link | None = None

    @property
    def is_link(self) -> bool:
        """Whether it is a link's."""
        return self.link is not None

    @property
    def layout(self) -> str:
        """The page around the page."""
        return BY_LINK if self.is_link else SIGNED_IN

    def to(self, name: str, *parts: str) -> str:
        """The address of a page of this firm."""
        if self.is_link:
            return reverse(f"small_firms:link_{name}", args=parts)
        assert self.firm is not None
        return reverse(f"small_firms:{name}", args=[self.firm.pk, *parts])

    @property
    def home(self) -> str:
        """Where the firm stands."""
        return self.to("firm")

    @property
    def answers(self) -> str:
        """The questions."""
        return self.to("answers")

    @property
    def save(self) -> str:
        """Where typed answers are kept."""
        return self.to("save")

    @property
    def scan(self) -> str:
        """Where a scan is handed in."""
        return self.to("scan")

    @property
    def policy(self) -> str:
        """The last policy."""
        return self.to("policy")

    @property
    def incidents(self) -> str:
        """What was reported; by the link also where it is reported."""
        return self.to("incidents")

    @property
    def month(self) -> str:
        """The last monthly page."""
        return self.to("month")


FirmView = Callable[..., HttpResponse]


def of_firm(view: FirmView) -> tuple[View, View]:
    """A page of one firm in both ways: for those signed in who may see it, and by its link.

    The view takes the request, the way, and what else stands in the address.
    """

    @functools.wraps(view)
    def signed_in(request: HttpRequest, key: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        firm = queries.firm(request.actor, key)
        require(request.actor, "small_firms.see", firm)
        return view(request, Way(request.actor, firm), *args, **kwargs)

    @functools.wraps(view)
    def by_link(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return through_link(request, lambda way: _of_started(request, way, view, args, kwargs))

    return signed_in, never_cache(by_link)


def _of_started(request: HttpRequest, way: Way, view: FirmView, args: Any, kwargs: Any
                ) -> HttpResponse:
    if way.firm is None:
        raise Http404("this link has no firm yet")
    return view(request, way, *args, **kwargs)


def enter_by(request: HttpRequest, secret: str, onwards: str) -> HttpResponse:
    """Let in whoever shows a link's secret: this browser holds the link from now on, so that the
    secret stands in no further address. 404 for one that never was, is over or was withdrawn, 429
    for who tries too many."""
    link = live_link(secret)
    if link is None:
        wrong = f"small_firms.wrong:{address_of(request)}"
        if int(cache.get(wrong, 0)) >= WRONG_LINKS:
            return _too_often(request)
        _count(wrong)
        raise Http404("no such link")
    request.session.cycle_key()
    request.session[LINK_IN_SESSION] = str(link.pk)
    with scope_of(actor_of_link(link)):
        note_opened(link)
    return redirect(onwards)


def through_link(request: HttpRequest, view: Callable[[Way], HttpResponse]) -> HttpResponse:
    """A page of the link that this browser holds; 404 without one or once it is over or withdrawn,
    429 for who writes too often."""
    held = request.session.get(LINK_IN_SESSION)
    link = None if held is None else link_held(held)
    if link is None:
        raise Http404("open your link again")
    if request.method == "POST" and _count(f"small_firms.writes:{link.pk}") > WRITES:
        return _too_often(request)
    actor = actor_of_link(link)
    with scope_of(actor):
        firm = Firm.objects.within(link.tenant).select_related(
            "tenant", "broker", "insured", "link").filter(link=link).first()
        return view(Way(actor, firm, link))


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out in between
        return 1


def _too_often(request: HttpRequest) -> HttpResponse:
    answer = render(request, "small_firms/too_often.html", status=429)
    answer.headers["Retry-After"] = str(WINDOW_SECONDS)
    return answer


def frame_of(way: Way, tab: str = "") -> dict[str, Any]:
    """What every page of a firm is given."""
    row = way.firm
    may = {name: allowed(way.actor, f"small_firms.{name}", row)
           for name in ("answer", "bind", "report", "record_payment")}
    last = queries.last_quote(row) if row is not None else None
    return {"way": way, "layout": way.layout, "firm": row, "tab": tab, "may_here": may,
            "last_quote": last,
            "quote_address": "" if last is None else way.to("quote", str(last.pk)),
            "has_policy": row is not None and row.policies.exists(),
            "has_month": row is not None and row.months.exists()}


def quote_of(way: Way, quote: UUID) -> Quote:
    """A quote of the way's own firm, or Http404."""
    assert way.firm is not None
    found: Quote | None = queries.whole_quotes(way.firm.quotes).filter(pk=quote).first()
    if found is None:
        raise Http404("no such quote")
    return found


def last_policy(way: Way) -> Policy:
    """The last policy of the way's own firm, or Http404."""
    assert way.firm is not None
    found: Policy | None = queries.whole_policies(way.firm.policies).order_by("-id").first()
    if found is None:
        raise Http404("no policy yet")
    return found


def done(request: HttpRequest, verb: Callable[[], Any], success: str) -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, error_words(error))
        return None
    if success:
        messages.success(request, success)
    return found


def faults_of(error: DinghaiError) -> list[Fault]:
    """Every fault that an error carries."""
    return list(error.faults) if isinstance(error, InputError) else [fault_of(error)]


def bound_as(request: HttpRequest) -> dict[str, Any]:
    """What the form of binding many offers says: those chosen by key (None: all that are open),
    who confirmed them, by which channel, and whether the exclusions were explained."""
    given, chosen = request.POST, None
    if given.get("which") != "all":
        chosen = []
        for text in given.getlist("quotes"):
            with contextlib.suppress(ValueError):
                chosen.append(UUID(text))
    return {"quotes": chosen, "confirmed_by": given.get("confirmed_by", ""),
            "channel": given.get("channel", ""), "explained": bool(given.get("explained"))}
