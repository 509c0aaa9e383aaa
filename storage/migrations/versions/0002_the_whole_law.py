"""Several notices for one duty, what authorities decide, what gives rise to duties, districts that end."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ruling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=200), nullable=True),
        sa.Column("period", sa.String(length=200), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_ruling_contact_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["organisation.id"], name=op.f("fk_ruling_scope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
    )
    op.create_index(op.f("ix_ruling_rule_period"), "ruling", ["rule", "period"])
    op.create_table(
        "occurrence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_occurrence_contact_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_occurrence_stage_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["organisation.id"], name=op.f("fk_occurrence_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
    )
    op.create_index(op.f("ix_occurrence_stage_id"), "occurrence", ["stage_id"])
    op.create_index(op.f("ix_occurrence_subject_id"), "occurrence", ["subject_id"])
    op.create_table(
        "quota",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_quota_contact_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["organisation.id"], name=op.f("fk_quota_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "year", name=op.f("pk_quota")),
    )
    with op.batch_alter_table("organisation") as table:
        table.add_column(sa.Column("successor_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_organisation_successor_id"), "organisation", ["successor_id"], ["id"]
        )
    with op.batch_alter_table("obligation") as table:
        table.add_column(sa.Column("made_by", sa.String(length=200), nullable=True))
        table.add_column(sa.Column("part", sa.String(length=200), nullable=False, server_default=""))
    op.execute("UPDATE obligation SET made_by = rule")
    with op.batch_alter_table("obligation") as table:
        table.alter_column("made_by", existing_type=sa.String(length=200), nullable=False)
        table.alter_column("part", existing_type=sa.String(length=200), server_default=None)
        table.drop_constraint(op.f("uq_obligation_rule_period_subject_id"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_obligation_rule_period_subject_id_part"), ["rule", "period", "subject_id", "part"]
        )
    with op.batch_alter_table("stage") as table:
        table.add_column(sa.Column("dated_by", sa.String(length=200), nullable=True))
        table.add_column(sa.Column("extended_to", sa.Date(), nullable=True))
        table.add_column(sa.Column("moved_from", sa.Date(), nullable=True))
        table.add_column(sa.Column("ruling_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_stage_ruling_id"), "ruling", ["ruling_id"], ["id"])
        for column in ("actor_id", "subject_id", "ruling_id"):
            table.create_index(op.f(f"ix_stage_{column}"), [column])
    op.execute(
        "UPDATE stage SET dated_by = (SELECT notice FROM obligation WHERE obligation.id = stage.obligation_id)"
        " WHERE due_on IS NOT NULL"
    )
    # An open stage that carries a reason was extended.
    op.execute("UPDATE stage SET extended_to = act_by_on WHERE status = 'open' AND reason IS NOT NULL")


def downgrade() -> None:
    """Go back to one notice for one duty; what only this release can hold must not be there.

    Raises:
        RuntimeError: an organisation owes a duty more than once in a period, which the release before cannot hold.
            Nothing was changed, so that no duty is lost silently.
    """
    _refuse_several_parts()
    with op.batch_alter_table("stage") as table:
        for column in ("actor_id", "subject_id", "ruling_id"):
            table.drop_index(op.f(f"ix_stage_{column}"))
        table.drop_constraint(op.f("fk_stage_ruling_id"), type_="foreignkey")
        for column in ("ruling_id", "moved_from", "extended_to", "dated_by"):
            table.drop_column(column)
    with op.batch_alter_table("obligation") as table:
        table.drop_constraint(op.f("uq_obligation_rule_period_subject_id_part"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_obligation_rule_period_subject_id"), ["rule", "period", "subject_id"]
        )
        table.drop_column("part")
        table.drop_column("made_by")
    with op.batch_alter_table("organisation") as table:
        table.drop_constraint(op.f("fk_organisation_successor_id"), type_="foreignkey")
        table.drop_column("successor_id")
    for name in ("quota", "occurrence", "ruling"):
        op.drop_table(name)


def _refuse_several_parts() -> None:
    several = (
        op.get_bind()
        .execute(
            sa.text(
                "SELECT rule, period, subject_id FROM obligation GROUP BY rule, period, subject_id"
                " HAVING count(*) > 1 ORDER BY rule, period, subject_id"
            )
        )
        .all()
    )
    if several:
        rule, period, subject_id = several[0]
        raise RuntimeError(
            f"the release before holds one obligation for each duty, period and organisation; {len(several)} have more,"
            f" such as {rule} {period} of organisation {subject_id}: restore the backup made before the upgrade instead"
        )
