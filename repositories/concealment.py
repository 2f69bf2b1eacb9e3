"""Which entries of tallies nobody may see yet, whoever asks, except whoever sent them.

Where two people enter each tally, the second must not be able to look at the first one's figures. A first
entry is hidden until another entry than a first one has come for its place: also one that its sender has
replaced by a newer one meanwhile, for it tells nearly as much.
"""

# Of a tally `t`. One probe of an index, and only for first entries.
CONCEALED = """(
    t.entry = 1 AND NOT EXISTS (
        SELECT FROM tallies later
        WHERE later.contest_id = t.contest_id AND later.unit_id = t.unit_id
          AND later.seq > t.seq AND later.entry <> 1
    )
)"""
