"""Rows of successors, each naming the next: whether one comes back to where it began. Pure."""

from collections.abc import Mapping


def in_circles(heirs: Mapping[str, str]) -> frozenset[str]:
    """Return which of ``heirs``, each mapped to its successor, come back to themselves in the end."""
    return frozenset(code for code in heirs if _comes_back(heirs, code))


def _comes_back(heirs: Mapping[str, str], code: str) -> bool:
    seen: set[str] = set()
    each = heirs.get(code)
    while each is not None and each not in seen and each != code:
        seen.add(each)
        each = heirs.get(each)
    return each == code
