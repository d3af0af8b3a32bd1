"""Every named route: strangers, foreign people and wrong roles stay out; pages are well made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.platform.routes.reading import read_page
from tests.platform.routes.registry import ROUTES, Route
from tests.platform.routes.scenery import Scenery

pytestmark = pytest.mark.django_db
HTML_LANGUAGE = {"zh-hans": "zh-Hans", "en": "en"}
LANGUAGES = sorted(HTML_LANGUAGE)
AWAY = {403, 404}


def known_to_django(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address by its full name; one without a name by its pattern.

    A nameless address that only leads on to a named one is tested where it leads.
    """
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from known_to_django(one, f"{space}{one.namespace}:" if one.namespace else space)
        elif one.name or not leads_on(one):
            yield space + (one.name or str(one.pattern)), one


def leads_on(pattern: URLPattern) -> bool:
    """Whether the address is a redirect to a named one."""
    made = getattr(pattern.callback, "view_initkwargs", {})
    return bool(made.get("pattern_name"))


ALL = dict(known_to_django(get_resolver()))
PAGES = [name for name in ALL if not name.startswith("api:") and name in ROUTES]
GUARDED = [name for name in PAGES if ROUTES[name].kind not in {"public"}]
WITH_IDS = [name for name in GUARDED if ROUTES[name].arguments]
READABLE = [name for name in PAGES if ROUTES[name].kind in {"page", "own", "public"}]


def address_of(name: str, scenery: Scenery) -> str:
    """The address with insurer A's objects in it."""
    arguments = {
        part: what[1:] if what.startswith("=") else scenery.key(what)
        for part, what in ROUTES[name].arguments.items()
    }
    return reverse(name, kwargs=arguments)


def ask(client: Client, route: Route, address: str) -> Any:
    """The request the route is made for; a form is empty unless the registry fills it."""
    if route.kind != "verb":
        return client.get(address)
    data = {
        name: SimpleUploadedFile("upload.zip", value) if isinstance(value, bytes) else value
        for name, value in route.data.items()
    }
    return client.post(address, data)


def body_of(answer: Any) -> bytes:
    """What was answered."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_every_route_is_known() -> None:
    unknown = sorted(
        f"{name} ({one.pattern})" for name, one in ALL.items()
        if name not in ROUTES and not name.startswith("api:")
    )
    assert not unknown, (
        "routes without a line in tests/platform/routes/registry.py; add for each e.g. "
        '"room:name": page("who gets in", not_by="who does not", part_of_address="object"),\n'
        + "\n".join(unknown)
    )


def test_no_line_is_left_over() -> None:
    assert sorted(set(ROUTES) - set(ALL)) == [], "take these lines out of the registry"


def test_every_object_is_there(scenery: Scenery) -> None:
    assert [name for name, thing in scenery.objects.items() if thing is None] == []


# --- who gets in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GUARDED)
def test_a_stranger_signs_in(scenery: Scenery, name: str) -> None:
    answer = ask(Client(), ROUTES[name], address_of(name, scenery))
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/accounts/") or name == "account_logout"
    else:
        assert answer.status_code in {401, 404}, name


@pytest.mark.parametrize("name", [name for name in GUARDED if ROUTES[name].kind == "verb"])
def test_a_verb_is_not_done_by_looking(scenery: Scenery, name: str) -> None:
    role = ROUTES[name].by
    answer = scenery.browser(role).get(address_of(name, scenery))
    assert answer.status_code in {302, 405}, "a GET must not do what a POST is for"


@pytest.mark.parametrize("name", [name for name in GUARDED if ROUTES[name].kind == "verb"])
def test_the_role_reaches_its_verb(scenery: Scenery, name: str) -> None:
    route = ROUTES[name]
    answer = ask(scenery.browser(route.by), route, address_of(name, scenery))
    expected = {route.status} if route.status != 200 else {200, 302, 400, 409, 422}
    assert answer.status_code in expected


@pytest.mark.parametrize("name", [name for name in GUARDED if ROUTES[name].not_by])
def test_another_role_is_kept_away(scenery: Scenery, name: str) -> None:
    route = ROUTES[name]
    answer = ask(scenery.browser(route.not_by), route, address_of(name, scenery))
    assert answer.status_code in AWAY


@pytest.mark.parametrize("name", WITH_IDS)
def test_the_same_role_elsewhere_finds_nothing(scenery: Scenery, name: str) -> None:
    route = ROUTES[name]
    role = route.by or ""
    foreign = scenery.browser(role, home=scenery.foreign_home(role))
    answer = ask(foreign, route, address_of(name, scenery))
    assert answer.status_code == 404, "a foreign row and one that never was are the same answer"


@pytest.mark.parametrize("role", ["underwriter", "claims_handler", "auditor", "platform_admin"])
@pytest.mark.parametrize("name", WITH_IDS)
def test_another_insurer_finds_nothing(scenery: Scenery, name: str, role: str) -> None:
    route, address = ROUTES[name], address_of(name, scenery)
    answer = ask(scenery.browser(role, home=scenery.world.other_insurer), route, address)
    assert answer.status_code in refused_alike(scenery, route, address, role)


@pytest.mark.parametrize("name", WITH_IDS)
def test_another_insured_finds_nothing(scenery: Scenery, name: str) -> None:
    route, address = ROUTES[name], address_of(name, scenery)
    stranger = scenery.browser("insured_admin", home=scenery.world.stranger)
    answer = ask(stranger, route, address)
    assert answer.status_code in refused_alike(scenery, route, address, "insured_admin")


def refused_alike(scenery: Scenery, route: Route, address: str, role: str) -> set[int]:
    """404; and 403 where the role is refused with its own organisation's id as well."""
    own = ask(scenery.browser(role), route, address)
    return AWAY if own.status_code == 403 else {404}


@pytest.mark.parametrize("name", [name for name in GUARDED if not ROUTES[name].arguments])
def test_lists_of_others_name_nothing_of_insurer_a(scenery: Scenery, name: str) -> None:
    route = ROUTES[name]
    role = route.by or ""
    if role == "operator":
        return
    foreign = scenery.browser(role, home=scenery.foreign_home(role))
    answer = ask(foreign, route, address_of(name, scenery))
    body = body_of(answer).decode(errors="replace")
    things = scenery.objects
    for trace in (things["claim"].number, things["policy"].policy_no, things["case"].number,
                  things["incident"].title, scenery.key("policy"), scenery.key("membership"),
                  scenery.key("entry"), "沧澜", "Canglan"):
        assert str(trace) not in body


# --- how pages are made ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_it_opens_and_is_well_made(scenery: Scenery, name: str, language: str) -> None:
    route = ROUTES[name]
    answer = ask(scenery.browser(route.by, language=language), route, address_of(name, scenery))
    if route.kind != "verb":
        assert answer.status_code == route.status, answer.headers.get("Location", "")
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    if route.kind in {"page", "own"} and route.status == 200:
        assert is_page
    policy = answer.headers["Content-Security-Policy"]
    assert policy == settings.DINGHAI_CONTENT_SECURITY_POLICY or (
        not is_page and "sandbox" in policy
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if is_page and answer.content:
        check_page(answer.content.decode(), language)


def check_page(text: str, language: str) -> None:
    """A whole page, or a part for htmx, which has no <html> of its own."""
    reading = read_page(text)
    assert reading.faults == []
    if "<html" in text:
        assert reading.language == HTML_LANGUAGE[language]
        assert reading.title.strip()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", ["/nowhere/", "/accounts/nowhere/"])
def test_what_is_nowhere_is_a_page_too(scenery: Scenery, address: str, language: str) -> None:
    for role in (None, "underwriter"):
        answer = scenery.browser(role, language=language).get(address)
        assert answer.status_code == 404
        check_page(answer.content.decode(), language)


@pytest.mark.parametrize("name", GUARDED)
def test_nothing_is_written_without_the_csrf_token(scenery: Scenery, name: str) -> None:
    client = scenery.browser(ROUTES[name].by, enforce_csrf_checks=True)
    assert client.post(address_of(name, scenery), {}).status_code in {403, 405}
