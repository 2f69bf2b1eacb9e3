"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "elections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("results_released", sa.Boolean(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_elections_code")),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'closed', 'certified', 'correction')",
            name=op.f("ck_elections_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elections")),
        sa.UniqueConstraint("code", name=op.f("uq_elections_code")),
    )
    op.create_table(
        "officials",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "roles <@ ARRAY['administrator', 'registrar', 'officer', 'reviewer', 'auditor']::text[]",
            name=op.f("ck_officials_roles"),
        ),
        sa.CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name=op.f("ck_officials_username")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officials")),
        sa.UniqueConstraint("username", name=op.f("uq_officials_username")),
    )
    op.create_table(
        "log_entries",
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name=op.f("ck_log_entries_leaf_hash")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_log_entries_seq")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_log_entries_election_id")),
        sa.PrimaryKeyConstraint("election_id", "seq", name=op.f("pk_log_entries")),
    )
    op.create_table(
        "log_heads",
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_log_heads_seq")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_log_heads_election_id")),
        sa.PrimaryKeyConstraint("election_id", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name=op.f("ck_parties_colour")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_parties_election_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("election_id", "code", name=op.f("uq_parties_election_id_code")),
        sa.UniqueConstraint("election_id", "id", name=op.f("uq_parties_election_id_id")),
    )
    op.create_table(
        "reporting_units",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("voters_registered", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_reporting_units_code")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_reporting_units_not_its_own_parent")),
        sa.CheckConstraint("voters_registered >= 0", name=op.f("ck_reporting_units_voters_registered")),
        sa.ForeignKeyConstraint(
            ["election_id", "parent_id"],
            ["reporting_units.election_id", "reporting_units.id"],
            name=op.f("fk_reporting_units_election_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_reporting_units_election_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_units")),
        sa.UniqueConstraint("election_id", "code", name=op.f("uq_reporting_units_election_id_code")),
        sa.UniqueConstraint("election_id", "id", name=op.f("uq_reporting_units_election_id_id")),
    )
    op.create_index(op.f("ix_reporting_units_parent_id"), "reporting_units", ["parent_id"], unique=False)
    op.create_index(
        "uq_reporting_units_root",
        "reporting_units",
        ["election_id"],
        unique=True,
        postgresql_where="parent_id IS NULL",
    )
    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("official_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_tokens_token_hash")),
        sa.ForeignKeyConstraint(["official_id"], ["officials.id"], name=op.f("fk_tokens_official_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_official_id"), "tokens", ["official_id"], unique=False)
    op.create_table(
        "contests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_measure", sa.Boolean(), nullable=False),
        sa.Column("vote_variation", sa.Text(), nullable=False),
        sa.Column("votes_allowed", sa.BigInteger(), nullable=False),
        sa.Column("number_elected", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_contests_code")),
        sa.CheckConstraint("number_elected >= 1", name=op.f("ck_contests_number_elected")),
        sa.CheckConstraint("votes_allowed >= 1", name=op.f("ck_contests_votes_allowed")),
        sa.ForeignKeyConstraint(
            ["election_id", "district_id"],
            ["reporting_units.election_id", "reporting_units.id"],
            name=op.f("fk_contests_election_id_district_id"),
        ),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_contests_election_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contests")),
        sa.UniqueConstraint("election_id", "code", name=op.f("uq_contests_election_id_code")),
        sa.UniqueConstraint("election_id", "id", name=op.f("uq_contests_election_id_id")),
    )
    op.create_table(
        "official_units",
        sa.Column("official_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["official_id"], ["officials.id"], name=op.f("fk_official_units_official_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["reporting_units.id"], name=op.f("fk_official_units_unit_id")),
        sa.PrimaryKeyConstraint("official_id", "unit_id", name=op.f("pk_official_units")),
    )
    op.create_index(op.f("ix_official_units_unit_id"), "official_units", ["unit_id"], unique=False)
    op.create_table(
        "contest_units",
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("units_expected", sa.BigInteger(), nullable=False),
        sa.Column("voters_registered", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("units_expected >= 1", name=op.f("ck_contest_units_units_expected")),
        sa.ForeignKeyConstraint(
            ["election_id", "contest_id"],
            ["contests.election_id", "contests.id"],
            name=op.f("fk_contest_units_election_id_contest_id"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id", "unit_id"],
            ["reporting_units.election_id", "reporting_units.id"],
            name=op.f("fk_contest_units_election_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("contest_id", "unit_id", name=op.f("pk_contest_units")),
    )
    op.create_index(op.f("ix_contest_units_unit_id"), "contest_units", ["unit_id"], unique=False)
    op.create_table(
        "selections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_selections_code")),
        sa.ForeignKeyConstraint(["contest_id"], ["contests.id"], name=op.f("fk_selections_contest_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_selections_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
        sa.UniqueConstraint("contest_id", "code", name=op.f("uq_selections_contest_id_code")),
        sa.UniqueConstraint("contest_id", "id", name=op.f("uq_selections_contest_id_id")),
    )
    op.create_table(
        "candidates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("selection_id", sa.BigInteger(), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('filed', 'qualified', 'rejected', 'withdrawn')", name=op.f("ck_candidates_status")
        ),
        sa.ForeignKeyConstraint(
            ["contest_id", "selection_id"],
            ["selections.contest_id", "selections.id"],
            name=op.f("fk_candidates_contest_id_selection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id", "contest_id"],
            ["contests.election_id", "contests.id"],
            name=op.f("fk_candidates_election_id_contest_id"),
        ),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_candidates_election_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_candidates_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidates")),
        sa.UniqueConstraint("election_id", "code", name=op.f("uq_candidates_election_id_code")),
    )
    op.create_table(
        "contest_totals",
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("units_reported", sa.BigInteger(), nullable=False),
        sa.Column("quarantined_units", sa.BigInteger(), nullable=False),
        sa.Column("voters_registered", sa.BigInteger(), nullable=False),
        sa.Column("ballots_cast", sa.BigInteger(), nullable=False),
        sa.Column("overvotes", sa.BigInteger(), nullable=False),
        sa.Column("undervotes", sa.BigInteger(), nullable=False),
        sa.Column("write_ins", sa.BigInteger(), nullable=False),
        sa.Column("rejected_ballots", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ballots_cast >= 0 AND overvotes >= 0 AND undervotes >= 0 AND write_ins >= 0 AND rejected_ballots >= 0 AND units_reported >= 0 AND voters_registered >= 0 AND quarantined_units >= 0",
            name=op.f("ck_contest_totals_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["contest_id", "unit_id"],
            ["contest_units.contest_id", "contest_units.unit_id"],
            name=op.f("fk_contest_totals_contest_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("contest_id", "unit_id", name=op.f("pk_contest_totals")),
    )
    op.create_table(
        "selection_totals",
        sa.Column("selection_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("votes >= 0", name=op.f("ck_selection_totals_votes")),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_selection_totals_selection_id")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["reporting_units.id"], name=op.f("fk_selection_totals_unit_id")
        ),
        sa.PrimaryKeyConstraint("selection_id", "unit_id", name=op.f("pk_selection_totals")),
    )
    op.create_table(
        "tallies",
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("official_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ballots_cast", sa.Integer(), nullable=False),
        sa.Column("overvotes", sa.Integer(), nullable=False),
        sa.Column("undervotes", sa.Integer(), nullable=False),
        sa.Column("write_ins", sa.Integer(), nullable=False),
        sa.Column("rejected_ballots", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision = 1 OR reason <> ''", name=op.f("ck_tallies_corrections_have_a_reason")),
        sa.CheckConstraint(
            "status IN ('submitted', 'accepted', 'quarantined', 'rejected', 'superseded')",
            name=op.f("ck_tallies_status"),
        ),
        sa.CheckConstraint(
            "ballots_cast >= 0 AND overvotes >= 0 AND undervotes >= 0 AND write_ins >= 0 AND rejected_ballots >= 0",
            name=op.f("ck_tallies_counts"),
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_tallies_revision")),
        sa.ForeignKeyConstraint(
            ["contest_id", "unit_id"],
            ["contest_units.contest_id", "contest_units.unit_id"],
            name=op.f("fk_tallies_contest_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id", "seq"],
            ["log_entries.election_id", "log_entries.seq"],
            name=op.f("fk_tallies_election_id_seq"),
        ),
        sa.ForeignKeyConstraint(["official_id"], ["officials.id"], name=op.f("fk_tallies_official_id")),
        sa.PrimaryKeyConstraint("election_id", "seq", name=op.f("pk_tallies")),
        sa.UniqueConstraint(
            "contest_id", "unit_id", "revision", name=op.f("uq_tallies_contest_id_unit_id_revision")
        ),
        sa.UniqueConstraint(
            "election_id", "official_id", "ref", name=op.f("uq_tallies_election_id_official_id_ref")
        ),
    )
    op.create_index(op.f("ix_tallies_unit_id"), "tallies", ["unit_id"], unique=False)
    op.create_index(
        "uq_tallies_counted",
        "tallies",
        ["contest_id", "unit_id"],
        unique=True,
        postgresql_where="status = 'accepted'",
    )
    op.create_table(
        "tally_votes",
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("selection_id", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.CheckConstraint("votes >= 0", name=op.f("ck_tally_votes_votes")),
        sa.ForeignKeyConstraint(
            ["election_id", "seq"],
            ["tallies.election_id", "tallies.seq"],
            name=op.f("fk_tally_votes_election_id_seq"),
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_tally_votes_selection_id")
        ),
        sa.PrimaryKeyConstraint("election_id", "seq", "selection_id", name=op.f("pk_tally_votes")),
    )
