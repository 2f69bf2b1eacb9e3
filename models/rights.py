"""Who somebody is, and what that lets them do (pure)."""

import msgspec


class Identity(msgspec.Struct, frozen=True):
    """An official who has signed in. `units` are the units that an officer reports for."""

    official_id: int
    username: str
    roles: frozenset[str]
    units: frozenset[int]

    @property
    def sends_tallies(self) -> bool:
        return "officer" in self.roles

    @property
    def sees_withheld_results(self) -> bool:
        """Staff who work with the figures before they are released; officers see their own receipts."""
        return not self.roles.isdisjoint({"administrator", "reviewer", "auditor"})
