"""Names as they are compared."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """A name as it is compared with others: upper and lower case alike, and composed or not (`é`, `e` and accent)."""
    if text.isascii():
        return text.casefold()
    # Folding can take apart what was composed, and the other way round: so the form is settled before and after.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
