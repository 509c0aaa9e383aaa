"""Unified social credit codes, GB 32100-2015: the check character is that of the standard."""

import pytest

from storage.credit_codes import CreditCodeError, checked


def test_the_check_character_is_that_of_the_standard() -> None:
    # The worked example of GB 32100-2015, appendix A, and a body whose sum is a multiple of 31.
    assert checked("91350100M000100Y43") == "91350100M000100Y43"
    assert checked("9135 0100-m000100y43") == "91350100M000100Y43"


@pytest.mark.parametrize("place", range(17))
def test_one_mistyped_character_never_passes(place: int) -> None:
    code = "91350100M000100Y43"
    for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        if other != code[place]:
            with pytest.raises(CreditCodeError):
                checked(code[:place] + other + code[place + 1 :])
