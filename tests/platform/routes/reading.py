"""Reads a page as a browser with a strict content policy would, and says what is wrong with it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

DATA_SCRIPTS = {"application/json", "text/plain"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr", "path", "use", "circle", "line", "rect", "polyline"}
ASSETS = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("use", "href"),
          ("source", "src"), ("object", "data"), ("embed", "src"), ("form", "action"),
          ("image", "href"), ("video", "src"), ("audio", "src"), ("input", "src")}
REQUESTS = ("hx-post", "hx-put", "hx-patch", "hx-delete")
TOKEN = "csrfmiddlewaretoken"


class PageReader(HTMLParser):
    """Collects faults while it walks the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language: str | None = None
        self.title = ""
        self.faults: list[str] = []
        self.posting_forms = 0
        self._in_title = False
        self._headers_carry_token = False
        self._form: dict[str, bool] | None = None

    def handle_starttag(self, tag: str, raw: list[tuple[str, str | None]]) -> None:
        """Check one tag."""
        attributes = {name: value or "" for name, value in raw}
        where = f"<{tag}> at {self.getpos()[0]}"
        if len(attributes) != len(raw):
            self.faults.append(f"{where}: an attribute twice")
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "title" and not self.title:
            self._in_title = True
        if tag == "style":
            self.faults.append(f"{where}: inline style sheet")
        data = attributes.get("type") in DATA_SCRIPTS
        if tag == "script" and "src" not in attributes and not data:
            self.faults.append(f"{where}: inline script")
        for name, value in attributes.items():
            self._attribute(tag, name, value, where)
        if "X-CSRFToken" in attributes.get("hx-headers", ""):
            self._headers_carry_token = True
        if any(name in attributes for name in REQUESTS) and not self._headers_carry_token:
            self.faults.append(f"{where}: a request without the CSRF token")
        self._forms(tag, attributes)

    def _attribute(self, tag: str, name: str, value: str, where: str) -> None:
        if name == "style":
            self.faults.append(f"{where}: style attribute")
        if name.startswith(("on", "hx-on")):
            self.faults.append(f"{where}: {name} attribute")
        parts = urlsplit(value.strip())
        if (tag, name) in ASSETS and (parts.netloc or parts.scheme not in {"", "data"}):
            self.faults.append(f"{where}: {name}={value!r} is elsewhere")
        if name in {"href", "action", "formaction"} and parts.scheme == "javascript":
            self.faults.append(f"{where}: {name} runs a script")

    def _forms(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "form":
            self._form = {"posts": attributes.get("method", "get").lower() == "post",
                          "token": False}
        if self._form is not None and attributes.get("name") == TOKEN and attributes.get("value"):
            self._form["token"] = True

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        if tag == "title":
            self._in_title = False
        if tag == "form" and self._form is not None:
            if self._form["posts"]:
                self.posting_forms += 1
                if not self._form["token"]:
                    self.faults.append(f"a form that ends at {self.getpos()[0]} has no CSRF token")
            self._form = None

    def handle_data(self, data: str) -> None:
        """The words of the title."""
        if self._in_title:
            self.title += data


def read_page(text: str) -> PageReader:
    """The reading of a whole page."""
    reader = PageReader()
    reader.feed(text)
    reader.close()
    return reader
