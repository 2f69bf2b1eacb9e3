"""Elections filled as on their night: through the product's own intake, batch by batch."""

import asyncio
from collections.abc import Callable

from benchmarks.load.wire import WrongAnswer
from benchmarks.stage import Election, Stage
from benchmarks.wide import Wide
from models.batch import Receipt

BATCH = 500
"""As many as config.toml lets into one commit."""
AT_ONCE = 4
"""Batches that are under way: the next ones are read and checked while one commits."""

# Whatever is kept must say what the tallies do, and the log must be whole.
_HOLDS = """
    WITH e AS (SELECT id FROM elections WHERE code = $1),
    t AS (
        SELECT count(*) AS tallies, coalesce(sum(ballots_cast), 0) AS ballots
        FROM tallies, e WHERE election_id = e.id AND status = 'accepted'
    ), l AS (
        SELECT count(*) FILTER (WHERE kind = 'tally') AS tallies, count(*) AS entries
        FROM log_entries, e WHERE election_id = e.id
    ), v AS (
        SELECT coalesce(sum(votes), 0) AS votes FROM tally_votes, e WHERE election_id = e.id
    ), root AS (
        SELECT u.id FROM reporting_units u, e WHERE u.election_id = e.id AND u.parent_id IS NULL
    ), c AS (
        SELECT sum(units_reported) AS tallies, sum(ballots_cast) AS ballots
        FROM contest_totals, root WHERE unit_id = root.id
    ), s AS (
        SELECT sum(votes) AS votes FROM selection_totals, root WHERE unit_id = root.id
    )
    SELECT t.tallies AS stored, h.seq AS head,
           t.tallies = l.tallies AND l.entries = h.seq
           AND (t.tallies, t.ballots) = (c.tallies, c.ballots) AND v.votes = s.votes AS holds
    FROM t, l, v, c, s, e JOIN log_heads h ON h.election_id = e.id
"""


def fill(
    stage: Stage, election: Election, wide: Wide, start: int, end: int, done: Callable[[int], None]
) -> int:
    """Sends the tallies from number `start` up to `end`, and returns the log's head.

    `done` is told of so many more now and then. Raises WrongAnswer where one is not counted, or where what
    is kept does not add up.
    """
    stage.run(_fill(stage, election, wide, range(start, end), done))
    return stage.run(_settled(stage, election, end))


async def _fill(
    stage: Stage, election: Election, wide: Wide, numbers: range, done: Callable[[int], None]
) -> None:
    async with stage.services() as house:
        officer = await house.credentials.by_token(election.token)

        async def send(batch: range) -> None:
            tallies = [wide.tally(number) for number in batch]
            for answer in await house.intake.submit(election.code, officer, "http", tallies):
                if not isinstance(answer, Receipt) or answer.status != "accepted":
                    raise WrongAnswer(f"a sound tally was not counted: {answer}")
            done(len(batch))

        for start in range(0, len(numbers), BATCH * AT_ONCE):
            several = numbers[start : start + BATCH * AT_ONCE]
            batches = [several[place : place + BATCH] for place in range(0, len(several), BATCH)]
            await asyncio.gather(*(send(batch) for batch in batches))


async def _settled(stage: Stage, election: Election, stored: int) -> int:
    """What autovacuum would have done by then is done at once, so that it does not come in between."""
    connection = await stage.connect()
    await connection.execute("VACUUM (ANALYZE)")
    found = await connection.fetchrow(_HOLDS, election.code)
    await connection.close()
    if found is None or found["stored"] != stored or not found["holds"]:
        raise WrongAnswer(f"of {stored} tallies the database has {found}")
    return int(found["head"])
