"""Rules about the links in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from messaging.rules.drafts import ContentRule, DraftFacts, quoted

# What phones make into a link: an address with a scheme, a host with a path, or a host with a
# common ending. "late.On" in a hurried text is none, and neither is what follows an @.
COMMON_ENDINGS = (
    "com|org|net|info|biz|io|co|app|dev|link|shop|site|xyz|example|eu|uk|ie|ca|au|nz|de|ch|fr|nl|"
    "es|pt|mx|br|ly|gl|gd|gy|cc|ws|li|ru"
)
LINK = re.compile(
    r"(?<![\w@.-])(?:"
    r"https?://(?:[^\s/@]*@)?(?P<schemed>[^\s/:?#]+)"
    r"|(?P<www>www\.[\w.-]+)"
    rf"|(?P<bare>(?:[\w-]+\.)+(?:(?:{COMMON_ENDINGS})\b(?!@|\.\w)|[^\W\d_]{{2,}}(?=[/?#]\S)))"
    r")\S*",
    re.IGNORECASE,
)
# Anyone's links look the same behind them; carriers filter texts that use them (CTIA 5.3.2).
SHORTENERS = frozenset({
    "0rz.tw", "acortar.link", "adf.ly", "bit.ly", "bitly.com", "bitly.ws", "bl.ink", "buff.ly",
    "chilp.it", "clck.ru", "cli.gs", "cutt.ly", "da.gd", "dlvr.it", "goo.gl", "is.gd",
    "kurzelinks.de", "lc.cx", "lnkd.in", "n9.cl", "ow.ly", "ppt.cc", "qr.ae", "rb.gy",
    "rebrand.ly", "reurl.cc", "s.id", "short.gy", "short.io", "shorte.st", "shorturl.at",
    "snip.ly", "soo.gd", "t.co", "t.ly", "t1p.de", "tiny.cc", "tinyurl.com", "tr.im", "trib.al",
    "u.to", "ulvis.net", "urlz.fr", "v.gd", "vk.cc", "x.co", "zpr.io",
})  # fmt: skip


class NoForbiddenLinks(ContentRule):
    code = "link_forbidden"
    sentence = _("No text has a link where a country of its audience forbids links.")
    advice = _("Take the link out, or write a campaign of its own for that country.")

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        if draft.forbids_links:
            yield from _quoted_hosts(draft)


class NoLinkShorteners(ContentRule):
    code = "shared_shortener"
    sentence = _("No link hides behind a shared link shortener.")
    advice = _("Write out where the link leads.")

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        yield from _quoted_hosts(draft, SHORTENERS)


class OwnLinksOnly(ContentRule):
    code = "foreign_link"
    sentence = _("Every link leads to a page of our own.")
    advice = _("Link to a page of your own, or say whose page it is and why people can trust it.")
    blocks = False

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        for language, text in draft.texts.items():
            for host in hosts(text):
                if not _is_of(host, draft.own_hosts | SHORTENERS):
                    yield quoted(host, language)


def hosts(text: str) -> Iterator[str]:
    """The host of each link, in small letters."""
    for found in LINK.finditer(unicodedata.normalize("NFKC", text).replace("。", ".")):
        yield (found["schemed"] or found["www"] or found["bare"]).casefold().rstrip(".,;!)")


def _is_of(host: str, domains: frozenset[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _quoted_hosts(draft: DraftFacts, of: frozenset[str] | None = None) -> Iterator[str]:
    for language, text in draft.texts.items():
        for host in hosts(text):
            if of is None or _is_of(host, of):
                yield quoted(host, language)
