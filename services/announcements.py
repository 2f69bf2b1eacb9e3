"""What processes tell each other after a commit: a hint where to look, never the truth itself."""

import msgspec


class Announcement(msgspec.Struct, frozen=True):
    """Election `election` has a log entry `seq`; these contests (by code) may have moved.

    `whole` says that the election itself changed: its state, its release, its definition.
    """

    election: str
    seq: int
    contests: frozenset[str]
    whole: bool = False

    def merged(self, other: "Announcement") -> "Announcement":
        """One announcement that says what both say."""
        return Announcement(
            self.election,
            max(self.seq, other.seq),
            self.contests | other.contests,
            self.whole or other.whole,
        )
