"""The spelling of queries for other engines: sqlglot translates, and what it doesn't know is settled here."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

Dialect = Literal["clickhouse", "spark"]
Tables = tuple[tuple[str, str], ...]
"""Names of tables with the queries, in the engine's own dialect, that stand for them."""


@lru_cache(maxsize=512)
def spelled(sql: str, dialect: Dialect, tables: Tables = (), types: tuple[tuple[str, str], ...] = ()) -> str:
    """Return a query of `store/cycles` as an engine has it.

    Those of `tables` that the query reads are put before it. `types` are the engine's types of parameters by name.
    Raises sqlglot.errors.SqlglotError for a query outside the portable subset.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    used = {table.name for table in tree.find_all(exp.Table)}
    kinds = dict(types)
    for placeholder in list(tree.find_all(exp.Placeholder)):
        if placeholder.name in kinds:
            placeholder.set("kind", kinds[placeholder.name])
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    # Engines differ in what `any_value` does with nulls, and the smallest value is any.
    for any_value in list(tree.find_all(exp.IgnoreNulls)):
        any_value.replace(exp.Min(this=any_value.this.this))
    # Children come first: what stands for a node takes its children over.
    for node in reversed(list(tree.walk())):
        spelling = _SPELLING[dialect](node)
        if spelling is not node:
            node.replace(spelling)
    text = str(tree.sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE))
    needed = ", ".join(f"{name} AS ({query})" for name, query in tables if name in used)
    if not needed:
        return text
    rest = text.removeprefix("WITH ")
    return f"WITH {needed}, {rest}" if rest != text else f"WITH {needed} {text}"


def _clickhouse(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.IntDiv():
            return exp.func("intDiv", node.this, node.expression, dialect="clickhouse")
        case exp.BitwiseAnd():
            return exp.func("bitAnd", node.this, node.expression, dialect="clickhouse")
        case exp.BitwiseRightShift():
            return exp.func("bitShiftRight", node.this, node.expression, dialect="clickhouse")
        case exp.Anonymous(this="bit_count"):
            return exp.func("bitCount", *node.expressions, dialect="clickhouse")
        case exp.Anonymous(this="epoch_us"):
            return exp.func("toUnixTimestamp64Micro", *node.expressions, dialect="clickhouse")
        case exp.PercentileCont():
            return exp.ParameterizedAgg(
                this="quantileExactInclusive", expressions=[node.expression], params=[node.this]
            )
    return node


def _spark(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Anonymous(this="epoch_us"):
            return exp.func("unix_micros", *node.expressions, dialect="spark")
        case exp.PercentileCont():
            return exp.Anonymous(this="percentile", expressions=[node.this, node.expression])
    return node


_SPELLING: dict[Dialect, Callable[[exp.Expr], exp.Expr]] = {"clickhouse": _clickhouse, "spark": _spark}
