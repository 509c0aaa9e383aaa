"""That no rule of the notice is without a test of its clause."""

from pathlib import Path

from tests.obligations.clauses.chongqing import NOTICE

WRITTEN = "".join(
    path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_[1-4]_*.py"))
)


def test_every_rule_is_asked_for_by_name() -> None:
    assert [rule.name for rule in NOTICE.rules if f'"{rule.name}"' not in WRITTEN] == []


def test_every_clause_that_gives_a_duty_is_quoted_by_its_number() -> None:
    clauses = {stage.clause for rule in NOTICE.rules for stage in rule.stages}
    assert sorted(clause for clause in clauses if f'"""{clause}' not in WRITTEN) == []
