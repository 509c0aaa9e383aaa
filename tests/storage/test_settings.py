"""Named values outlive the process."""

from datetime import date

from storage import settings
from storage.database import Database, Session


def test_what_was_never_set_is_nothing(database: Database) -> None:
    assert database.read(lambda session: settings.get(session, "planned")) is None
    assert database.read(lambda session: settings.get_date(session, "planned")) is None


def test_the_last_value_set_counts_also_after_a_restart(database: Database, database_url: str) -> None:
    database.write(lambda session: settings.put(session, "planned", "first"))
    database.write(lambda session: settings.put(session, "planned", "second"))
    database.write(lambda session: settings.put(session, "other", "else"))
    again = Database(database_url)
    assert again.read(lambda session: settings.get(session, "planned")) == "second"
    again.close()


def test_a_value_is_seen_in_the_transaction_that_sets_it(database: Database) -> None:
    def work(session: Session) -> str | None:
        settings.put(session, "planned", "now")
        return settings.get(session, "planned")

    assert database.write(work) == "now"


def test_a_date_comes_back_as_that_date(database: Database) -> None:
    database.write(lambda session: settings.put_date(session, "planned", date(2024, 2, 29)))
    assert database.read(lambda session: settings.get_date(session, "planned")) == date(2024, 2, 29)
