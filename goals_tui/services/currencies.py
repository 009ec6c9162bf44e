"""Currencies as people know them: names, signs, amounts in words of the terminal (Babel's CLDR data)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.project import currency_digits


@dataclass(frozen=True)
class Currency:
    """An ISO 4217 currency; `digits` is how many decimals its amounts have."""

    code: str
    name: str
    symbol: str
    digits: int


@cache
def list_currencies() -> tuple[Currency, ...]:
    """The currencies in use, by code."""
    from babel import Locale
    from babel.core import get_global

    # Per territory: (code, first day, last day, legal tender). No last day: it is paid with today.
    territories = get_global("territory_currencies").values()
    in_use = {code for spans in territories for code, _, last, tender in spans if last is None and tender}
    names = Locale("en").currencies
    return tuple(Currency(code, names.get(code, code), symbol(code), currency_digits(code)) for code in sorted(in_use))


@cache
def symbol(code: str) -> str:
    """The sign of a currency (€), or its code where it has none."""
    from babel import Locale

    return str(Locale("en").currency_symbols.get(code, code))


def check_currency(code: str) -> str:
    """The code in upper case if it names a currency in use; raises WrongValueError with the nearest."""
    known = {currency.code: currency for currency in list_currencies()}
    wanted = code.strip().upper()
    if wanted in known:
        return wanted
    by_name = {currency.name.casefold(): currency.code for currency in known.values()}
    nearest = nearest_names(code.strip(), [*known, *by_name])
    near = list(dict.fromkeys(by_name.get(name.casefold(), name) for name in nearest))
    raise WrongValueError(
        f"{code.strip()!r} is not a currency. Use an ISO 4217 code, for example {' or '.join(near or ['EUR', 'USD'])}.",
        field="currency",
    )


def format_money(amount: Decimal, code: str) -> str:
    """An exact amount with sign and grouping: €1,234.50; with every decimal that it has."""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    sign, mark = ("-" if amount < 0 else ""), symbol(code)
    space = "\u00a0" if mark[-1:].isalpha() else ""
    return f"{sign}{mark}{space}{abs(amount):,.{max(own, currency_digits(code))}f}"
