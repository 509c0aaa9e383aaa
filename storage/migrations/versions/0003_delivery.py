"""Attempts to send, fair turns, several processes, alarms, and the order of a contact's channels."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PENDING = sa.text("outcome = 'pending'")
_LEASE = timedelta(minutes=2)
"""The lease of the release before, which was taken when a notification was claimed and counted."""


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_attempt_notification_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("notification_id", "number", name=op.f("uq_attempt_notification_id_number")),
    )
    _partial_index("ix_attempt_unended", "attempt", ["worker"], sa.text("ended_at IS NULL"))
    _partial_index("ix_attempt_unknown", "attempt", ["id"], sa.text("outcome = 'unknown'"))
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.create_table(
        "send_limit",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_send_limit")),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    _partial_index(
        "uq_alarm_raised", "alarm", ["name", "subject"], sa.text("cleared_at IS NULL"), unique=True
    )
    op.create_table(
        "evidence_content",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_content")),
    )
    with op.batch_alter_table("binding") as table:
        table.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        table.alter_column("address", existing_type=sa.String(length=200), type_=sa.String(length=500))
    for name in ("contact", "invitation"):
        with op.batch_alter_table(name) as table:
            table.add_column(
                sa.Column("administrator", sa.Boolean(), nullable=False, server_default=sa.false())
            )
    with op.batch_alter_table("inbound_update") as table:
        table.add_column(sa.Column("leased_by", sa.String(length=200), nullable=True))
        table.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("answer", sa.JSON(), nullable=True))
        table.add_column(sa.Column("discarded", sa.String(length=500), nullable=True))
    _partial_index(
        "ix_inbound_update_chat", "inbound_update", ["chat_id", "update_id"], sa.text("handled_at IS NULL")
    )
    _partial_index("ix_inbound_update_owed", "inbound_update", ["update_id"], sa.text("answer IS NOT NULL"))
    _partial_index("ix_inbound_update_failed", "inbound_update", ["update_id"], sa.text("error IS NOT NULL"))
    op.drop_index("ix_notification_pending", "notification")
    with op.batch_alter_table("notification") as table:
        table.add_column(sa.Column("lane_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("errors", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(op.f("fk_notification_lane_id"), "organisation", ["lane_id"], ["id"])
    op.execute("UPDATE notification SET turn = id")
    _end_what_was_under_way()
    # The defaults were for the rows that were there.
    for name, columns in (
        ("binding", ("priority",)),
        ("contact", ("administrator",)),
        ("invitation", ("administrator",)),
        ("notification", ("turn", "errors")),
    ):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.alter_column(column, server_default=None)
    op.create_index("ix_notification_contact_message", "notification", ["contact_id", "message_id"])
    _partial_index("ix_notification_pending", "notification", ["urgency", "turn", "id"], _PENDING)
    _partial_index("ix_notification_lane_pending", "notification", ["lane_id", "urgency", "turn"], _PENDING)
    _partial_index(
        "ix_notification_settled",
        "notification",
        ["finished_at", "kind", "outcome"],
        sa.text("finished_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_notification_settled", "notification")
    op.drop_index("ix_notification_lane_pending", "notification")
    op.drop_index("ix_notification_pending", "notification")
    op.drop_index("ix_notification_contact_message", "notification")
    with op.batch_alter_table("notification") as table:
        table.drop_constraint(op.f("fk_notification_lane_id"), type_="foreignkey")
        for column in ("acknowledged_at", "errors", "turn", "lane_id"):
            table.drop_column(column)
    _partial_index("ix_notification_pending", "notification", ["not_before", "urgency"], _PENDING)
    op.drop_index("ix_inbound_update_failed", "inbound_update")
    op.drop_index("ix_inbound_update_owed", "inbound_update")
    op.drop_index("ix_inbound_update_chat", "inbound_update")
    with op.batch_alter_table("inbound_update") as table:
        for column in ("discarded", "answer", "leased_until", "leased_by"):
            table.drop_column(column)
    for name in ("invitation", "contact"):
        with op.batch_alter_table(name) as table:
            table.drop_column("administrator")
    with op.batch_alter_table("binding") as table:
        table.alter_column("address", existing_type=sa.String(length=500), type_=sa.String(length=200))
        table.drop_column("priority")
    for name in ("evidence_content", "alarm", "outage", "send_limit", "worker", "attempt"):
        op.drop_table(name)


def _end_what_was_under_way() -> None:
    """Put on record that what the release before was sending when it ended may have arrived, and free it."""
    notification = sa.table(
        "notification",
        sa.column("id", sa.Integer()),
        sa.column("outcome", sa.String()),
        sa.column("attempts", sa.Integer()),
        sa.column("leased_by", sa.String()),
        sa.column("leased_until", sa.DateTime(timezone=True)),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    attempt = sa.table(
        "attempt",
        sa.column("notification_id", sa.Integer()),
        sa.column("number", sa.Integer()),
        sa.column("worker", sa.String()),
        sa.column("channel", sa.String()),
        sa.column("began_at", sa.DateTime(timezone=True)),
        sa.column("ended_at", sa.DateTime(timezone=True)),
        sa.column("outcome", sa.String()),
        sa.column("reason", sa.String()),
    )
    connection = op.get_bind()
    under_way = sa.and_(notification.c.outcome == "pending", notification.c.leased_by.is_not(None))
    rows = connection.execute(sa.select(notification).where(under_way).order_by(notification.c.id)).all()
    for row in rows:
        until = row.leased_until or row.created_at
        number = max(row.attempts, 1)
        connection.execute(
            attempt.insert().values(
                notification_id=row.id,
                number=number,
                worker=row.leased_by,
                channel="telegram",
                began_at=until - _LEASE,
                ended_at=until,
                outcome="unknown",
                reason="the release before ended before the answer",
            )
        )
        connection.execute(
            notification.update()
            .where(notification.c.id == row.id)
            .values(attempts=number, leased_by=None, leased_until=None)
        )


def _partial_index(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
