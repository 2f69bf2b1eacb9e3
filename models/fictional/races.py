"""The demo's contests, and the count of each in each precinct."""

import random
from collections.abc import Iterator, Sequence

import msgspec

from models.codes import CodeBook, make_code, tally_ref
from models.definitions import ContestDefinition, SelectionDefinition, VoteVariation
from models.fictional.country import COUNTRY_CODE, Precinct, districts_of
from models.submissions import TallySubmission

_SCATTER = 0.06


class Race(msgspec.Struct, frozen=True):
    """A contest and how people vote in it."""

    contest: ContestDefinition
    shares: tuple[float, ...]
    """Each selection's expected share of the votes in a precinct that leans nowhere."""
    pulls: tuple[float, ...]
    """How much of a precinct's lean is added to each share; they add up to nothing."""
    undervotes: float
    overvotes: float
    write_ins: float
    """Undervotes and write-ins as shares of the votes that could be given, overvotes of the ballots."""


def make_races(rng: random.Random, precincts: Sequence[Precinct], names: Iterator[str]) -> tuple[Race, ...]:
    """The presidency, the senate, a house seat for each district and the referendum, as on the ballot.

    `names` are the candidates: 15 for the country, and at most 4 for each district.
    """
    everywhere = tuple(precinct.code for precinct in precincts)
    tickets = [(f"{next(names)} and {next(names)}", party) for party in ("CIV", "HRV", "GRO", "LBR", "FRE")]
    senators = [(next(names), party) for party in ("CIV", "HRV", "CIV", "HRV", "LBR")]
    answers = [("Yes", ""), ("No", "")]
    president = _contest("president", "President", tickets, COUNTRY_CODE, everywhere)
    senate = _contest("senate", "Senate", senators, COUNTRY_CODE, everywhere, votes=2)
    trains = _contest("night-trains", "Night trains to every district", answers, COUNTRY_CODE, everywhere)
    return (
        Race(president, (0.402, 0.400, 0.09, 0.068, 0.04), (1, -1, 0, 0, 0), 0.006, 0.0015, 0.004),
        Race(senate, (0.236, 0.231, 0.229, 0.226, 0.078), (0.5, -0.5, 0.45, -0.45, 0), 0.07, 0.002, 0.006),
        *_house_races(rng, precincts, names),
        Race(trains, (0.503, 0.497), (0.5, -0.5), 0.06, 0.001, 0),
    )


def _house_races(rng: random.Random, precincts: Sequence[Precinct], names: Iterator[str]) -> Iterator[Race]:
    for place in districts_of(len(precincts)):
        code = make_code(place.name)
        parties = ["CIV", "HRV", *rng.sample(["GRO", "LBR", "FRE"], rng.choice([1, 2]))]
        small = [rng.uniform(0.03, 0.12) for _ in parties[2:]]
        large = (1 - sum(small)) / 2
        contest = _contest(
            f"house-{code}",
            f"House of Delegates, {place.name}",
            [(next(names), party) for party in parties],
            code,
            tuple(precinct.code for precinct in precincts if precinct.district == code),
        )
        yield Race(contest, (large, large, *small), (1, -1, *(0 for _ in small)), 0.035, 0.001, 0.005)


def _contest(
    code: str,
    name: str,
    choices: Sequence[tuple[str, str]],
    district: str,
    precincts: tuple[str, ...],
    votes: int = 1,
) -> ContestDefinition:
    book = CodeBook()
    return ContestDefinition(
        code=code,
        name=name,
        district=district,
        selections=tuple(
            SelectionDefinition(code=book.give(choice), name=choice, party=party or None)
            for choice, party in choices
        ),
        precincts=precincts,
        vote_variation=VoteVariation.PLURALITY if votes == 1 else VoteVariation.N_OF_M,
        votes_allowed=votes,
        number_elected=votes,
        is_measure=not any(party for _, party in choices),
    )


def count(rng: random.Random, race: Race, precinct: Precinct) -> TallySubmission:
    """The precinct's right and balanced tally of the contest."""
    contest = race.contest
    overvotes = int(precinct.ballots_cast * race.overvotes * rng.uniform(0, 2) + rng.random())
    valid = precinct.ballots_cast - overvotes
    given = 1 - race.undervotes - race.write_ins
    weights = [
        given * max(0.001, share + pull * precinct.lean + share * rng.gauss(0, _SCATTER))
        for share, pull in zip(race.shares, race.pulls, strict=True)
    ]
    blanks = race.undervotes * rng.uniform(0.7, 1.3)
    *votes, write_ins, undervotes = _shared_out(
        valid * contest.votes_allowed, [*weights, race.write_ins * rng.uniform(0.3, 1.7), blanks]
    )
    # Nobody has more votes than there are ballots to give them.
    given_votes = [min(figure, valid) for figure in votes]
    return TallySubmission(
        ref=tally_ref(contest.code, precinct.code),
        precinct=precinct.code,
        contest=contest.code,
        votes={choice.code: figure for choice, figure in zip(contest.selections, given_votes, strict=True)},
        ballots_cast=precinct.ballots_cast,
        overvotes=overvotes,
        undervotes=undervotes + sum(votes) - sum(given_votes),
        write_ins=write_ins,
        rejected_ballots=precinct.rejected_ballots,
    )


def _shared_out(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total` (largest remainders)."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [int(part) for part in exact]
    nearest = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in nearest[: total - sum(shares)]:
        shares[place] += 1
    return shares
