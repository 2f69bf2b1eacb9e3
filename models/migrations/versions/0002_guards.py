"""Guards: the log is gapless and append-only, a tally's figures never change, nothing is deleted."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Once for each statement, not for each row: a batch of entries costs one probe an entry.
GAPLESS = """
CREATE FUNCTION log_is_gapless() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    orphan bigint;
BEGIN
    SELECT n.seq INTO orphan FROM added n
    WHERE n.seq > 1 AND NOT EXISTS (
        SELECT 1 FROM log_entries p WHERE p.election_id = n.election_id AND p.seq = n.seq - 1
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'log entry % would leave a gap', orphan USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

GUARDS = (
    """CREATE TRIGGER gapless AFTER INSERT ON log_entries
       REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION log_is_gapless()""",
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_entries
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tally_votes
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER never_deleted BEFORE DELETE ON tallies
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER only_the_status_moves BEFORE UPDATE ON tallies
       FOR EACH ROW WHEN ((to_jsonb(OLD) - 'status') IS DISTINCT FROM (to_jsonb(NEW) - 'status'))
       EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    for statement in (GAPLESS, REFUSE, *GUARDS):
        op.execute(statement)
