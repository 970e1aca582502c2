"""Someone with a web browser that keeps cookies and reads forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    boxes: list[tuple[str, str, bool]] = field(default_factory=list)
    text: str = ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None:
            self._input(self._open, given)
        elif tag == "select" and self._open is not None:
            self._open.fields.append((given["name"], ""))
        elif tag == "option" and "selected" in given and self._open is not None:
            name, _none = self._open.fields.pop()
            self._open.fields.append((name, given.get("value", "")))

    def _input(self, form: Form, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if kind in ("checkbox", "radio"):
            form.boxes.append((name, given.get("value", "on"), "checked" in given))
        elif name and kind != "submit":
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open is not None:
            self._open.text += data


@dataclass
class Page:
    address: str
    status: int
    html: str

    def __post_init__(self) -> None:
        parser = _Forms()
        parser.feed(self.html)
        self.forms, self.text = parser.forms, " ".join(" ".join(parser.words).split())

    def form(self, says: str = "") -> Form:
        """The form whose words, address or field names contain `says`."""
        return next(
            f for f in self.forms if says in f.text or says in f.action or says in dict(f.fields)
        )


class Visitor:
    def __init__(self, site: str) -> None:
        self.site = site
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Page:
        return self._open(Request(urljoin(self.site, path)))

    def send(self, page: Page, form: Form, **answers: object) -> Page:
        """Post the form as a browser does: hidden fields and all, what is typed in their place."""
        fields = {name: [value] for name, value in form.fields}
        for name, value in answers.items():
            fields[name] = value if isinstance(value, list) else [str(value)]
        body = urlencode(fields, doseq=True).encode()
        address = urljoin(page.address, form.action or page.address)
        return self._open(Request(address, data=body, headers={"Referer": page.address}))

    def _open(self, request: Request) -> Page:
        try:
            answer = self._opener.open(request, timeout=20)
        except HTTPError as error:
            answer = error
        with answer:
            return Page(answer.url, answer.status, answer.read().decode())
