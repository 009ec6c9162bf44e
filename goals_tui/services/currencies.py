"""Currencies by their ISO 4217 codes: names, symbols, and amounts as text. The data is CLDR's, by way of Babel."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.project import currency_digits

if TYPE_CHECKING:
    from goals_tui.domain.report import Loss


@dataclass(frozen=True)
class Currency:
    """An ISO 4217 currency; `digits` is the number of decimals of its amounts."""

    code: str
    name: str
    symbol: str
    digits: int


_NO_CURRENCIES = {"CNH", "XTS", "XXX"}
"""Codes that Babel lists but that are not currencies: an offshore rate, a test code, and "no currency"."""


SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "TWD": "NT$",
    "USD": "$",
    "VND": "₫",
    "XAF": "FCFA",
    "XCD": "EC$",
    "XCG": "Cg.",
    "XOF": "F\u202fCFA",
    "XPF": "CFPF",
}
"""The symbols of CLDR's English locale. Reports use this copy because loading Babel takes longer than the report."""


@cache
def list_currencies() -> tuple[Currency, ...]:
    """Return the currencies that are legal tender somewhere, by code."""
    return tuple(_currency(code) for code, tender in sorted(_codes().items()) if tender)


@cache
def _codes() -> dict[str, bool]:
    """Map the codes in use to whether each is legal tender somewhere; units of account such as CLF are not."""
    from babel.core import get_global

    # Per territory: (code, first day, last day, legal tender); the last day is None for a currency in use today.
    spans = [span for territory in get_global("territory_currencies").values() for span in territory]
    codes = {code for code, _, last, _ in spans if last is None} - _NO_CURRENCIES
    tender = {code for code, _, last, tender in spans if last is None and tender}
    return {code: code in tender for code in codes}


def _currency(code: str) -> Currency:
    from babel import Locale

    return Currency(code, Locale("en").currencies.get(code, code), symbol(code), currency_digits(code))


def symbol(code: str) -> str:
    """Return the symbol of a currency (€), or its code where it has none."""
    return SYMBOLS.get(code, code)


def check_currency(code: str) -> str:
    """Return the code in upper case if the currency is in use. Raises WrongValueError, naming the nearest codes."""
    wanted = code.strip().upper()
    if wanted in _codes():
        return wanted
    known = {currency.code: currency for currency in list_currencies()}
    by_name = {currency.name.casefold(): currency.code for currency in known.values()}
    nearest = nearest_names(code.strip(), [*known, *by_name])
    near = list(dict.fromkeys(by_name.get(name.casefold(), name) for name in nearest))
    raise WrongValueError(
        f"{code.strip()!r} is not a currency. Use an ISO 4217 code, for example {' or '.join(near or ['EUR', 'USD'])}.",
        field="currency",
    )


def loss_words(loss: Loss, code: str, decimals: int = 0) -> str:
    """Return a sentence about the drop-offs after a step and what they would have been worth.

    `decimals` is the least number of decimals of the amount.
    """
    return (
        f"Largest loss: {loss.goal} after {loss.step}, where {loss.dropped:,} of {loss.reached:,} dropped off: "
        f"{format_money(loss.stake.value(currency_digits(code)), code, decimals)} at stake."
    )


def format_money(amount: Decimal, code: str, decimals: int = 0) -> str:
    """Format an exact amount with symbol and grouping, as in €1,234.50.

    It gets all the decimals that `decimals_of` returns, and at least `decimals`.
    """
    sign, mark = ("-" if amount < 0 else ""), symbol(code)
    space = "\u00a0" if mark[-1:].isalpha() else ""
    return f"{sign}{mark}{space}{abs(amount):,.{max(decimals, decimals_of(amount, code))}f}"


def decimals_of(amount: Decimal, code: str) -> int:
    """Return the number of decimals to write an amount with: the currency's, or more where the amount has more.

    An amount with more decimals than its currency gets at least two.
    """
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    usual = currency_digits(code)
    return usual if own <= usual else max(own, 2)
