"""Filters in SQL, over the columns of the table `drawings`."""

from drawing_ocr.search.filters import Filters, keyword

Condition = tuple[str, list[str | float]]
"""A WHERE expression and its values."""

LIVE: Condition = ("drawings.deleted = 0", [])


def condition(filters: Filters) -> Condition:
    """What a drawing must be, deleted ones never."""
    parts, values = [LIVE[0]], list(LIVE[1])
    for column, choice in (
        ("category", filters.category),
        ("material", filters.material),
        ("revision", filters.revision),
    ):
        if choice:
            parts.append(f"drawings.{column} IN ({', '.join('?' * len(choice))})")
            values += map(keyword, choice)
    if filters.number:
        parts.append("(" + " OR ".join(_number(number, values) for number in filters.number) + ")")
    bounds: tuple[tuple[str, str | float | None], ...] = (
        ("drawings.date >= ?", filters.first_date.isoformat() if filters.first_date else None),
        ("drawings.date <= ?", filters.last_date.isoformat() if filters.last_date else None),
        ("drawings.size_mm >= ?", filters.least_mm),
        ("drawings.size_mm <= ?", filters.most_mm),
    )
    for expression, bound in bounds:
        if bound is not None:
            parts.append(expression)
            values.append(bound)
    return " AND ".join(parts), values


def _number(number: str, values: list[str | float]) -> str:
    if not number.endswith("*"):
        values.append(keyword(number))
        return "drawings.number = ?"
    # A range and not LIKE: it uses the column's index, and % and _ mean nothing in it.
    start = keyword(number.removesuffix("*"))
    values += [start, start + "\U0010ffff"]
    return "drawings.number BETWEEN ? AND ?"
