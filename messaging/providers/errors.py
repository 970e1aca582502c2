"""Why a text was not taken, or a webhook not believed. No error carries a number or a text."""

from __future__ import annotations

import re
from typing import ClassVar

# What providers call codes; anything else in that place could hold a person's words or number.
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}|\d{1,6}")


def safe_code(word: object, *, otherwise: str = "unlisted") -> str:
    """The provider's own code where it looks like one."""
    text = str(word)
    return text if CODE.fullmatch(text) and not re.search(r"\d{7}", text) else otherwise


class SubmitError(Exception):
    """The provider did not say that it took the text."""

    # It may reach the person all the same: never send it again for marketing.
    may_have_left: ClassVar[bool] = False
    # The same text may be submitted again later.
    retryable: ClassVar[bool] = False

    def __init__(self, code: str = "") -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return f"{self.__doc__} ({self.code})" if self.code else str(self.__doc__)


class NotWritten(SubmitError):
    """Nothing was written to the provider."""

    retryable = True


class Throttled(SubmitError):
    """The provider asked us to wait."""

    retryable = True

    def __init__(self, retry_after: float) -> None:
        """`retry_after` in seconds."""
        self.retry_after = retry_after
        super().__init__("throttled")


class Rejected(SubmitError):
    """The provider refused the text for good."""


class OptedOut(Rejected):
    """The provider refused the text: the person told it to stop."""


class NumberGone(Rejected):
    """The provider refused the text: the number is gone, or can never take one."""


class Unclear(SubmitError):
    """The text was written, and nobody knows whether the provider took it."""

    may_have_left = True


class Unanswered(Exception):
    """Whether the provider has the text is not known: it did not say, or cannot be asked."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return f"{self.__doc__} ({self.code})"


class NotSigned(Exception):
    """The webhook does not carry a valid signature of its provider."""


class Unreadable(Exception):
    """The webhook is signed but says nothing we understand."""

    def __init__(self, reason: str) -> None:
        """`reason` goes back to the provider: fixed words, nothing from the payload."""
        self.reason = reason
        super().__init__(reason)


class OutOfPlace(Exception):
    """The simulated carrier works in the demo only, and beside nobody who is not sample data."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnknownProvider(LookupError):
    """The setting SMS_PROVIDERS has no provider of that name."""
