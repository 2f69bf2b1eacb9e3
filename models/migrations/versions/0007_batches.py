"""What a batch of tallies refers to is looked up once for the batch, and not by a query for each row.

Of the time that the database took for a batch, foreign keys of votes and of log entries were two thirds: each
is a query for each row. Triggers ask the same of all rows of a statement at once. Log entries and tallies are
never deleted, so that only ballots and selections need guards of their own against going.

OFFSET 0 keeps the planner from reading whole tables into a hash: each look-up is one probe of an index, at
every size of the election.
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
    LEFT JOIN LATERAL (
        SELECT 1 AS there FROM log_entries p
        WHERE p.election_id = n.election_id AND p.seq = n.seq - 1 OFFSET 0
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT 1 AS there FROM elections e WHERE e.id = n.election_id AND n.seq = 1 OFFSET 0
    ) e ON true
    WHERE p.there IS NULL AND e.there IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'log entry % would leave a gap', orphan USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

TALLIES = """
CREATE FUNCTION tallies_have_their_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT n.seq INTO orphan FROM added n
    LEFT JOIN LATERAL (
        SELECT 1 AS there FROM log_entries l WHERE l.election_id = n.election_id AND l.seq = n.seq OFFSET 0
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT 1 AS there FROM contest_units c
        WHERE c.contest_id = n.contest_id AND c.unit_id = n.unit_id OFFSET 0
    ) c ON true
    WHERE l.there IS NULL OR c.there IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'tally % has no log entry, or is of a unit that does not vote on its contest', orphan
            USING ERRCODE = 'foreign_key_violation';
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
    LEFT JOIN LATERAL (
        SELECT contest_id FROM tallies t WHERE t.election_id = n.election_id AND t.seq = n.seq OFFSET 0
    ) t ON true
    LEFT JOIN LATERAL (SELECT contest_id FROM selections s WHERE s.id = n.selection_id OFFSET 0) s ON true
    WHERE (t.contest_id = s.contest_id) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'votes of tally % are of no selection of its contest', orphan
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""

BALLOTS = """
CREATE FUNCTION ballots_keep_their_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    SELECT g.unit_id INTO counted FROM gone g
    WHERE EXISTS (SELECT 1 FROM tallies t WHERE t.unit_id = g.unit_id AND t.contest_id = g.contest_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unit % has sent tallies', counted USING ERRCODE = 'foreign_key_violation';
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
    """CREATE TRIGGER in_their_place AFTER INSERT ON tallies
       REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tallies_have_their_place()""",
    """CREATE TRIGGER of_a_tally AFTER INSERT ON tally_votes
       REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION votes_are_of_a_tally()""",
    """CREATE TRIGGER keep_their_tallies AFTER DELETE ON contest_units
       REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ballots_keep_their_tallies()""",
    """CREATE TRIGGER keep_their_votes AFTER DELETE ON selections
       REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION selections_keep_their_votes()""",
)

KEYS = (
    "ALTER TABLE tally_votes DROP CONSTRAINT fk_tally_votes_election_id_seq",
    "ALTER TABLE tally_votes DROP CONSTRAINT fk_tally_votes_selection_id",
    "ALTER TABLE tallies DROP CONSTRAINT fk_tallies_election_id_seq",
    "ALTER TABLE tallies DROP CONSTRAINT fk_tallies_contest_id_unit_id",
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
    for statement in (GAPLESS, TALLIES, VOTES, BALLOTS, SELECTIONS, *GUARDS, *KEYS, *INDEXES):
        op.execute(statement)
