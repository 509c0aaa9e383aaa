"""Unified social credit codes by GB 32100-2015: 18 characters, the last of which checks the others."""

import enum

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters a code is written with: no I, O, S, V, Z, which look like digits or each other."""

LENGTH = 18


class CreditCodeFault(enum.StrEnum):
    """What is wrong with a credit code."""

    LENGTH = "credit_code_length"
    CHARACTER = "credit_code_character"
    CHECK = "credit_code_check"


class CreditCodeError(ValueError):
    """The text is no credit code; ``found`` is its length, the wrong character, or the last one."""

    def __init__(self, fault: CreditCodeFault, found: str) -> None:
        super().__init__(f"{fault.value}: {found}")
        self.fault = fault
        self.found = found


def check_character(body: str) -> str:
    """Return the 18th character for the first 17: weights 3ⁱ mod 31, as GB 32100-2015 section 5 lays down."""
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return ALPHABET[-total % 31]


def checked(text: str) -> str:
    """Return a credit code in its canonical form: upper case, without spaces or hyphens.

    Raises:
        CreditCodeError: the length, a character or the check character is wrong.
    """
    code = text.upper().replace(" ", "").replace("-", "")
    if len(code) != LENGTH:
        raise CreditCodeError(CreditCodeFault.LENGTH, str(len(code)))
    for character in code:
        if character not in ALPHABET:
            raise CreditCodeError(CreditCodeFault.CHARACTER, character)
    if code[-1] != check_character(code[:-1]):
        raise CreditCodeError(CreditCodeFault.CHECK, code[-1])
    return code
