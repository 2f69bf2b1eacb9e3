"""Announcements between processes, over Redis: one subscription a process.

An announcement is a hint, the database is the truth. This process hears its own at once, without
Redis; with Redis away the others find out by themselves after some silent seconds. What waits to be
published is merged by election, so that it cannot grow. Complaints have a channel of their own.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from services.announcements import Announcement
from services.redis_connection import AWAY
from services.relay import Relay
from services.tasks import end

CHANNEL = "tallystream:announcements"
COMPLAINT_CHANNEL = "complaint_channel"
RETRY_SECONDS = 1.0
LAST_WORD_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Listener(Protocol):
    def hear(self, announcement: Announcement) -> None:
        """Something was committed. Must return at once."""

    def heal(self) -> None:
        """Announcements may have been missed."""


class RightsListener(Protocol):
    def hear_rights(self, members: frozenset[int]) -> None:
        """Rights or credentials of these members changed. Must return at once."""

    def heal(self) -> None:
        """Announcements may have been missed."""


class ComplaintListener(Protocol):
    def hear_complaint(self, election: str) -> None:
        """A complaint of this election was filed or changed. Must return at once."""

    def heal(self) -> None:
        """Announcements may have been missed."""


class _Message(msgspec.Struct, omit_defaults=True):
    """Either of the two."""

    origin: str
    announcement: Announcement | None = None
    members: frozenset[int] = frozenset()


class _ComplaintMessage(msgspec.Struct):
    """Elections of which complaints were filed or changed."""

    origin: str
    elections: frozenset[str]


_decode = msgspec.json.Decoder(_Message).decode
_decode_complaint = msgspec.json.Decoder(_ComplaintMessage).decode
_encode = msgspec.json.Encoder().encode


class Broker:
    def __init__(
        self,
        url: str,
        listeners: Sequence[Listener],
        rights_listeners: Sequence[RightsListener] = (),
        complaint_listeners: Sequence[ComplaintListener] = (),
    ) -> None:
        self._relay = Relay(url)
        self._listeners = listeners
        self._rights_listeners = rights_listeners
        self._complaint_listeners = complaint_listeners
        self._origin = secrets.token_hex(8)
        self._pending: dict[str, Announcement] = {}
        self._pending_members: frozenset[int] = frozenset()
        self._pending_complaints: frozenset[str] = frozenset()
        self._something = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.connected = False
        """Whether announcements of other processes are heard just now."""

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._listen_for_ever(), name="broker: listening"),
            asyncio.create_task(self._publish_for_ever(), name="broker: publishing"),
        ]

    async def announce(self, _sender: object, announcement: Announcement) -> None:
        """Receiver of the signals: tells this process now, and the others as soon as Redis takes it."""
        self._tell(announcement)
        waiting = self._pending.get(announcement.election)
        self._pending[announcement.election] = waiting.merged(announcement) if waiting else announcement
        self._something.set()

    async def announce_rights(self, _sender: object, members: frozenset[int]) -> None:
        """Receiver of `rights_changed`, likewise."""
        self._tell_rights(members)
        self._pending_members |= members
        self._something.set()

    async def announce_complaint(self, _sender: object, election: str) -> None:
        """Receiver of `complaint_changed`, likewise."""
        self._tell_complaints({election})
        self._pending_complaints |= {election}
        self._something.set()

    def _tell_complaints(self, elections: Iterable[str]) -> None:
        for election in elections:
            for listener in self._complaint_listeners:
                listener.hear_complaint(election)

    def _tell_rights(self, members: frozenset[int]) -> None:
        for listener in self._rights_listeners:
            listener.hear_rights(members)

    def _tell(self, announcement: Announcement) -> None:
        for listener in self._listeners:
            try:
                listener.hear(announcement)
            except Exception:
                _logger.exception("a listener failed to hear of %s", announcement.election)

    async def _publish_for_ever(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self._publish_pending()
            except AWAY as error:
                # Lost on purpose: whoever missed it looks by itself, and old hints help nobody.
                _logger.warning("Redis did not take an announcement: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                _logger.exception("announcing to other processes failed and goes on")
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish_pending(self) -> None:
        members, self._pending_members = self._pending_members, frozenset()
        pending, self._pending = self._pending, {}
        messages = [_Message(self._origin, announcement) for announcement in pending.values()]
        if members:
            messages.insert(0, _Message(self._origin, members=members))
        elections, self._pending_complaints = self._pending_complaints, frozenset()
        for message in messages:
            await self._relay.publish(CHANNEL, _encode(message))
        if elections:
            complaints = _ComplaintMessage(self._origin, elections)
            await self._relay.publish(COMPLAINT_CHANNEL, _encode(complaints))

    async def _listen_for_ever(self) -> None:
        said = False
        while True:
            try:
                await self._relay.listen((CHANNEL, COMPLAINT_CHANNEL), self._subscribed, self._receive)
            except AWAY as error:
                if self.connected or not said:
                    _logger.warning("Redis is away, results still flow within this process: %s", error)
                said = True
            except Exception:
                _logger.exception("listening to Redis failed and starts again")
            self.connected = False
            await asyncio.sleep(RETRY_SECONDS)

    def _subscribed(self) -> None:
        self.connected = True
        self._heal()

    def _heal(self) -> None:
        for listener in self._listeners:
            listener.heal()
        for rights_listener in self._rights_listeners:
            rights_listener.heal()
        for complaint_listener in self._complaint_listeners:
            complaint_listener.heal()

    def _receive(self, channel: str, data: bytes) -> None:
        try:
            if channel == COMPLAINT_CHANNEL:
                self._receive_complaint(_decode_complaint(data))
            else:
                self._receive_other(_decode(data))
        except msgspec.DecodeError:
            _logger.warning("an announcement could not be read and was passed over")

    def _receive_complaint(self, message: _ComplaintMessage) -> None:
        if message.origin != self._origin:
            self._tell_complaints(message.elections)

    def _receive_other(self, message: _Message) -> None:
        if message.origin == self._origin:
            return
        if message.announcement is not None:
            self._tell(message.announcement)
        if message.members:
            self._tell_rights(message.members)

    async def close(self) -> None:
        await end(self._tasks)
        with contextlib.suppress(*AWAY, TimeoutError):
            await asyncio.wait_for(self._publish_pending(), LAST_WORD_SECONDS)
        await self._relay.aclose()
