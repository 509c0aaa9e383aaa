"""The few expressions that SQLite and PostgreSQL write differently."""

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class LocalDate(FunctionElement[date]):
    """``LocalDate(instant)``: the date of an instant in Asia/Shanghai, which has kept UTC+8 since 1992."""

    type = Date()
    inherit_cache = True


class DaysBetween(FunctionElement[int]):
    """``DaysBetween(earlier, later)``: the natural days from one date to another."""

    type = Integer()
    inherit_cache = True


@compiles(LocalDate, "sqlite")
def _local_date_on_sqlite(element: LocalDate, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # SQLAlchemy
    return f"date({compiler.process(element.clauses, **kw)}, '+8 hours')"


@compiles(LocalDate, "postgresql")
def _local_date_on_postgresql(element: LocalDate, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # likewise
    return f"CAST({compiler.process(element.clauses, **kw)} AT TIME ZONE 'Asia/Shanghai' AS DATE)"


@compiles(DaysBetween, "sqlite")
def _days_between_on_sqlite(element: DaysBetween, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # likewise
    earlier, later = (compiler.process(each, **kw) for each in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(DaysBetween, "postgresql")
def _days_between_on_postgresql(element: DaysBetween, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # likewise
    earlier, later = (compiler.process(each, **kw) for each in element.clauses)
    return f"(CAST({later} AS DATE) - CAST({earlier} AS DATE))"
