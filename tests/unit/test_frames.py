"""What Nchan is told of all contests: its newest messages alone are the whole state, whenever one comes."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from models.results import ContestCount, ElectionState
from quart_app.fan_out.frames import BASE, CHANGES, NOTHING, Frames, Message
from services.results import View, next_view
from tests.unit.test_results import count, election, votes

CONTESTS = ("president", "council", "measure")

steps = st.lists(st.sets(st.sampled_from(CONTESTS), min_size=1), min_size=1, max_size=30)


def counted(code: str, version: int) -> ContestCount:
    return count(code=code, version=version, selections=votes(ada=version, ben=1, cy=0))


def changed(before: View | None, codes: set[str], state: ElectionState | None = None) -> View:
    version = before.version + 1 if before else 2
    counts = [counted(code, version) for code in CONTESTS if code in codes]
    return next_view(before, state or election(), version, counts, [])


class Memory:
    """Nchan's: the newest message of each channel, and every viewer's state as it grows."""

    def __init__(self) -> None:
        self.newest: dict[str, bytes] = {}
        self.viewers: list[Viewer] = []

    def take(self, messages: list[Message]) -> None:
        """A viewer comes after each message."""
        for channel, message in messages:
            self.newest[channel] = message
            for viewer in self.viewers:
                viewer.take(message)
            if BASE in self.newest:
                self.viewers.append(Viewer(self.newest))


class Viewer:
    def __init__(self, newest: dict[str, bytes]) -> None:
        self.contests: dict[str, int] = {}
        for channel in (BASE, CHANGES):
            self.take(newest.get(channel, NOTHING))

    def take(self, message: bytes) -> None:
        for line in message.splitlines():
            if line.startswith(b"data: "):
                results = msgspec.json.decode(line.removeprefix(b"data: "))
                assert results["version"] >= self.contests.get(results["contest"], 0), "back in time"
                self.contests[results["contest"]] = results["version"]


@given(steps)
def test_whoever_comes_at_any_time_has_the_newest_of_all_contests_in_the_end(changes: list[set[str]]) -> None:
    view, frames, memory = changed(None, set(CONTESTS)), Frames(), Memory()
    memory.take(frames.anew(view))
    for codes in changes:
        seen, view = view.version, changed(view, codes)
        memory.take(frames.after(view, seen))
    newest = {code: contest.results.version for code, contest in view.contests.items()}
    assert memory.viewers
    assert all(viewer.contests == newest for viewer in memory.viewers)


def test_what_changes_alone_again_and_again_needs_no_new_base() -> None:
    view, frames = changed(None, set(CONTESTS)), Frames()
    frames.anew(view)
    for _ in range(50):
        seen, view = view.version, changed(view, {"council"})
        [(channel, message)] = frames.after(view, seen)
        assert (channel, message.count(b"event: results")) == (CHANGES, 1)


def test_a_new_base_comes_once_more_was_sent_again_than_it_has() -> None:
    view, frames = changed(None, set(CONTESTS)), Frames()
    frames.anew(view)
    seen, view = view.version, changed(view, {"president"})
    assert [channel for channel, _ in frames.after(view, seen)] == [CHANGES]
    told: list[list[str]] = []
    for _ in range(4):
        seen, view = view.version, changed(view, {"council"})
        told.append([channel for channel, _ in frames.after(view, seen)])
    # The president, who has not changed again, was sent again each time: a third of a base.
    assert told.count([CHANGES, BASE]) == 1


def test_a_base_never_holds_what_is_withheld_meanwhile() -> None:
    view, frames, memory = changed(None, set(CONTESTS)), Frames(), Memory()
    memory.take(frames.anew(view))
    withheld = election(results_released=False, changed_seq=3)
    memory.take(frames.after(changed(view, set(CONTESTS), withheld), view.version))
    assert b'"released":true' not in b"".join(memory.newest.values())


def test_an_election_without_contests_has_messages_too() -> None:
    empty = next_view(None, election(), 2, [], [])
    assert Frames().anew(empty) == [(CHANGES, NOTHING), (BASE, NOTHING)]
