"""What a batch of tallies refers to is looked up once for the batch, and not by a query for each row.

Of the time that the database took for a batch, foreign keys of votes and of log entries were two thirds: each
is a query for each row. Triggers ask the same of all rows of a statement at once. Log entries and tallies are
never deleted, so that only selections need a guard of their own against going.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# By induction: an entry has its election because its predecessor has it.
GAPLESS = """
CREATE OR REPLACE FUNCTION log_is_gapless() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT n.seq INTO orphan FROM added n
    WHERE CASE WHEN n.seq > 1
        THEN NOT EXISTS (
            SELECT 1 FROM log_entries p WHERE p.election_id = n.election_id AND p.seq = n.seq - 1
        )
        ELSE NOT EXISTS (SELECT 1 FROM elections e WHERE e.id = n.election_id)
    END LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'log entry % would leave a gap', orphan USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

TALLIES = """
CREATE FUNCTION tallies_are_logged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT n.seq INTO orphan FROM added n
    WHERE NOT EXISTS (
        SELECT 1 FROM log_entries l WHERE l.election_id = n.election_id AND l.seq = n.seq
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'tally % has no log entry', orphan USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""

VOTES = """
CREATE FUNCTION votes_are_of_a_tally() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT n.seq INTO orphan FROM added n
    WHERE NOT EXISTS (
        SELECT 1 FROM tallies t JOIN selections s ON s.contest_id = t.contest_id
        WHERE t.election_id = n.election_id AND t.seq = n.seq AND s.id = n.selection_id
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'votes of tally % are of no selection of its contest', orphan
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""

SELECTIONS = """
CREATE FUNCTION selections_keep_their_votes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    voted bigint;
BEGIN
    SELECT g.id INTO voted FROM gone g
    WHERE EXISTS (SELECT 1 FROM tallies t WHERE t.contest_id = g.contest_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'selection % stands on tallies', voted USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""

GUARDS = (
    """CREATE TRIGGER logged AFTER INSERT ON tallies
       REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tallies_are_logged()""",
    """CREATE TRIGGER of_a_tally AFTER INSERT ON tally_votes
       REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION votes_are_of_a_tally()""",
    """CREATE TRIGGER keep_their_votes AFTER DELETE ON selections
       REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION selections_keep_their_votes()""",
)

KEYS = (
    "ALTER TABLE tally_votes DROP CONSTRAINT fk_tally_votes_election_id_seq",
    "ALTER TABLE tally_votes DROP CONSTRAINT fk_tally_votes_selection_id",
    "ALTER TABLE tallies DROP CONSTRAINT fk_tallies_election_id_seq",
    "ALTER TABLE log_entries DROP CONSTRAINT fk_log_entries_election_id",
)

# One index for both: the tallies of a precinct, and a revision that comes once.
INDEXES = (
    """ALTER TABLE tallies ADD CONSTRAINT uq_tallies_unit_id_contest_id_revision_entry
       UNIQUE (unit_id, contest_id, revision, entry)""",
    "ALTER TABLE tallies DROP CONSTRAINT uq_tallies_contest_id_unit_id_revision_entry",
    "DROP INDEX ix_tallies_unit_id",
)


def upgrade() -> None:
    for statement in (GAPLESS, TALLIES, VOTES, SELECTIONS, *GUARDS, *KEYS, *INDEXES):
        op.execute(statement)
