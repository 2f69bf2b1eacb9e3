"""The canvass: checks that an election sets, two entries of a tally, decisions, recounts and certificates."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SETTINGS = """
ALTER TABLE elections ADD COLUMN checks jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN double_entry boolean NOT NULL DEFAULT false,
    ADD COLUMN recount_threshold bigint NOT NULL DEFAULT 50;
ALTER TABLE elections ADD CONSTRAINT ck_elections_recount_threshold
    CHECK (recount_threshold BETWEEN 0 AND 10000);
ALTER TABLE contests ADD COLUMN recounting boolean NOT NULL DEFAULT false,
    ADD COLUMN recounted boolean NOT NULL DEFAULT false;
"""

TALLIES = """
ALTER TABLE tallies ADD COLUMN entry smallint NOT NULL DEFAULT 0, ADD COLUMN vector bigint,
    ADD COLUMN lowered boolean NOT NULL DEFAULT false;
ALTER TABLE tallies DROP CONSTRAINT ck_tallies_status;
ALTER TABLE tallies ADD CONSTRAINT ck_tallies_status CHECK (status IN ('submitted',
    'awaiting_second_entry', 'accepted', 'quarantined', 'rejected', 'superseded', 'recalled'));
ALTER TABLE tallies ADD CONSTRAINT ck_tallies_entry CHECK (entry BETWEEN 0 AND 2);
ALTER TABLE tallies DROP CONSTRAINT uq_tallies_contest_id_unit_id_revision;
ALTER TABLE tallies ADD CONSTRAINT uq_tallies_contest_id_unit_id_revision_entry
    UNIQUE (contest_id, unit_id, revision, entry);
CREATE UNIQUE INDEX uq_tallies_two_people ON tallies (contest_id, unit_id, revision, official_id)
    WHERE entry > 0;
CREATE INDEX ix_tallies_vector ON tallies (contest_id, vector);
CREATE INDEX ix_tallies_waiting ON tallies (contest_id, unit_id)
    WHERE status IN ('awaiting_second_entry', 'quarantined');
"""

TOTALS = """
ALTER TABLE contest_totals ADD COLUMN awaiting_units bigint NOT NULL DEFAULT 0,
    ADD COLUMN turnout_n bigint NOT NULL DEFAULT 0, ADD COLUMN turnout_total bigint NOT NULL DEFAULT 0,
    ADD COLUMN turnout_squares bigint NOT NULL DEFAULT 0, ADD COLUMN lowered_by bigint NOT NULL DEFAULT 0;
ALTER TABLE contest_totals DROP CONSTRAINT ck_contest_totals_counts;
ALTER TABLE contest_totals ADD CONSTRAINT ck_contest_totals_counts CHECK (
    ballots_cast >= 0 AND overvotes >= 0 AND undervotes >= 0 AND write_ins >= 0
    AND rejected_ballots >= 0 AND units_reported >= 0 AND voters_registered >= 0
    AND quarantined_units >= 0 AND awaiting_units >= 0);
ALTER TABLE selection_totals ADD COLUMN share_n bigint NOT NULL DEFAULT 0,
    ADD COLUMN share_total bigint NOT NULL DEFAULT 0, ADD COLUMN share_squares bigint NOT NULL DEFAULT 0;
"""

# What is counted already is a part of these sums: without it a recall would take out what was never added.
# The formulas are those of models/moments.py and of `vector_of` in models/checks.py at this revision.
COUNTED = """
ALTER TABLE tallies DISABLE TRIGGER only_the_status_moves;
UPDATE tallies t SET vector = ('x' || encode(substr(sha256(convert_to(f.figures, 'UTF8')), 1, 8), 'hex'))
    ::bit(64)::bigint
FROM (
    SELECT t.election_id, t.seq,
           concat_ws(',', v.votes, t.ballots_cast, t.overvotes, t.undervotes, t.write_ins) AS figures
    FROM tallies t CROSS JOIN LATERAL (
        SELECT string_agg(v.votes::text, ',' ORDER BY s.position) AS votes
        FROM tally_votes v JOIN selections s ON s.id = v.selection_id
        WHERE v.election_id = t.election_id AND v.seq = t.seq
    ) v
) f
WHERE f.election_id = t.election_id AND f.seq = t.seq AND f.figures ~ '[1-9]';
ALTER TABLE tallies ENABLE TRIGGER only_the_status_moves;
UPDATE contest_totals c SET turnout_n = m.n, turnout_total = m.total, turnout_squares = m.squares
FROM (
    SELECT contest_id, parent_id, count(*) AS n, sum(turnout) AS total, sum(turnout * turnout) AS squares
    FROM (
        SELECT t.contest_id, u.parent_id,
               least((2000::bigint * t.ballots_cast + u.voters_registered) / (2 * u.voters_registered), 10000)
                   AS turnout
        FROM tallies t JOIN reporting_units u ON u.id = t.unit_id
        WHERE t.status = 'accepted' AND u.voters_registered >= 20
    ) turnouts
    GROUP BY contest_id, parent_id
) m
WHERE c.contest_id = m.contest_id AND c.unit_id = m.parent_id;
UPDATE selection_totals s SET share_n = m.n, share_total = m.total, share_squares = m.squares
FROM (
    SELECT selection_id, parent_id, count(*) AS n, sum(share) AS total, sum(share * share) AS squares
    FROM (
        SELECT v.selection_id, u.parent_id, (2000::bigint * v.votes + w.whole) / (2 * w.whole) AS share
        FROM tallies t
        JOIN reporting_units u ON u.id = t.unit_id
        JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
        CROSS JOIN LATERAL (
            SELECT t.write_ins + sum(each.votes) AS whole FROM tally_votes each
            WHERE each.election_id = t.election_id AND each.seq = t.seq
        ) w
        WHERE t.status = 'accepted' AND w.whole >= 20
    ) shares
    GROUP BY selection_id, parent_id
) m
WHERE s.selection_id = m.selection_id AND s.unit_id = m.parent_id;
"""

DECISIONS = """
CREATE TABLE tally_decisions (
    election_id bigint NOT NULL,
    seq bigint NOT NULL,
    tally_seq bigint NOT NULL,
    decision text NOT NULL,
    member_id bigint NOT NULL CONSTRAINT fk_tally_decisions_member_id REFERENCES members (id),
    reason text NOT NULL,
    lowered boolean NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_tally_decisions PRIMARY KEY (election_id, seq),
    CONSTRAINT fk_tally_decisions_election_id_seq FOREIGN KEY (election_id, seq)
        REFERENCES log_entries (election_id, seq),
    CONSTRAINT fk_tally_decisions_election_id_tally_seq FOREIGN KEY (election_id, tally_seq)
        REFERENCES tallies (election_id, seq),
    CONSTRAINT ck_tally_decisions_decision CHECK (decision IN ('accept', 'reject', 'ask-again', 'resolve',
        'ask-recall', 'recall', 'refuse-recall')),
    CONSTRAINT ck_tally_decisions_reason CHECK (reason <> '')
);
CREATE INDEX ix_tally_decisions_election_id_tally_seq ON tally_decisions (election_id, tally_seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tally_decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

CERTIFICATES = """
CREATE TABLE certification_requests (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    election_id bigint NOT NULL CONSTRAINT fk_certification_requests_election_id REFERENCES elections (id),
    asked_by bigint NOT NULL CONSTRAINT fk_certification_requests_asked_by REFERENCES members (id),
    asked_at timestamptz NOT NULL,
    totals_hash bytea NOT NULL,
    in_the_way jsonb NOT NULL,
    reason text NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_certification_requests PRIMARY KEY (id),
    CONSTRAINT ck_certification_requests_totals_hash CHECK (octet_length(totals_hash) = 32)
);
CREATE UNIQUE INDEX uq_certification_requests_open ON certification_requests (election_id)
    WHERE ended_at IS NULL;
CREATE TABLE certificates (
    election_id bigint NOT NULL,
    seq bigint NOT NULL,
    position bigint NOT NULL,
    asked_by bigint CONSTRAINT fk_certificates_asked_by REFERENCES members (id),
    confirmed_by bigint CONSTRAINT fk_certificates_confirmed_by REFERENCES members (id),
    reason text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_certificates PRIMARY KEY (election_id, seq),
    CONSTRAINT fk_certificates_election_id_seq FOREIGN KEY (election_id, seq)
        REFERENCES log_entries (election_id, seq),
    CONSTRAINT ck_certificates_two_people CHECK (asked_by <> confirmed_by)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON certificates
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for part in (SETTINGS, TALLIES, TOTALS, COUNTED, DECISIONS, CERTIFICATES):
        for statement in part.split(";\n"):
            if statement.strip():
                op.execute(statement)
