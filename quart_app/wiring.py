"""Puts the rooms together: the only place that sees all of them."""

import asyncio
import datetime
from typing import Any, cast

from blinker import Signal
from quart import current_app

from models.errors import TooManyWatchers
from quart_app.keys import keys_of
from quart_app.live import Broadcasters
from quart_app.settings import Settings, SettingsError
from repositories.database import ALWAYS_BY_INDEX, LETS_OTHERS_ON, Database
from services.attachments import AttachmentChecks
from services.audit import AuditService
from services.ballot_design import BallotDesign
from services.ballots import BallotService
from services.books import Books
from services.broker import Broker
from services.candidates import CandidateService
from services.canvass import Canvass
from services.canvass_settings import CanvassSettingsService
from services.certification import CertificationService
from services.clock import utc_now
from services.complaint_desk import ComplaintDesk
from services.complaint_filing import ComplaintFilings
from services.complaint_following import ComplaintFollowing
from services.complaints import ComplaintService
from services.credentials import CredentialService
from services.decisions import DecisionService
from services.drafting import DraftingService
from services.elections import ElectionService
from services.enrolment import EnrolmentService
from services.entries import EntryService
from services.history import HistoryService
from services.intake import PATIENCE_SECONDS, Intake
from services.log import LogService
from services.observing import ObserverService
from services.officials import OfficialService
from services.overload import Overload
from services.passes import PassService
from services.passwords import Passwords
from services.places import PlaceService
from services.recounts import RecountService
from services.registration import Registration
from services.resealing import Resealing
from services.results import ResultsService
from services.review_following import ReviewFollowing
from services.reviewing import ReviewService
from services.shapes import ShapeService
from services.sign_in import SignIn
from services.signals import complaint_changed, election_changed, results_changed, rights_changed
from services.standing import Standing
from services.tries import Tries
from services.vault import Vault
from services.voters import VoterService


class Carried:
    """How many open connections of one kind this process carries; each is one `with` that has not ended."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Watchers:
    """Whom this process carries live, kind by kind, and whether it is about to stop."""

    def __init__(self, limit: int) -> None:
        """`limit` is for all viewers together; officers who send tallies are never turned away by it."""
        self.limit = limit
        self.public_streams = Carried()
        self.staff_streams = Carried()
        self.result_sockets = Carried()
        self.officer_sockets = Carried()
        self.draining = asyncio.Event()

    @property
    def count(self) -> int:
        """Viewers, without officers."""
        return self.public_streams.count + self.staff_streams.count + self.result_sockets.count

    def streams(self, *, staff: bool) -> Carried:
        return self.staff_streams if staff else self.public_streams

    def check(self) -> None:
        """Raises TooManyWatchers where one more cannot be carried."""
        if self.count >= self.limit or self.draining.is_set():
            raise TooManyWatchers


class Services:
    """The use cases, ready for views and commands. Make it where an event loop runs."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError where an engine's URL is missing."""
        if settings.database_url is None or settings.redis_url is None:
            raise SettingsError(
                "DATABASE_URL and REDIS_URL must be set; `tallystream serve` starts engines of its own."
            )
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=settings.storage.pool_size)
        self._intake_database = Database(
            settings.database_url,
            pool_size=settings.intake.pool_size,
            pre_ping=False,
            settings=ALWAYS_BY_INDEX | LETS_OTHERS_ON,
            statement_seconds=PATIENCE_SECONDS,
        )
        self.elections = ElectionService(self.database, utc_now)
        self.drafting = DraftingService(self.database, utc_now)
        self.ballot_design = BallotDesign(self.database, utc_now)
        self.canvass_settings = CanvassSettingsService(self.database, utc_now)
        self.certification = CertificationService(self.database, utc_now)
        self.recounts = RecountService(self.database, utc_now)
        self.keys = keys_of(settings)
        self.vault = Vault(self.keys)
        passwords = Passwords()
        self.credentials = CredentialService(self.database, utc_now)
        self.sign_in = SignIn(
            self.database,
            utc_now,
            passwords,
            Tries(self.database, utc_now, self.vault),
            lasts=datetime.timedelta(hours=settings.sessions.hours),
        )
        self.officials = OfficialService(self.database, utc_now, self.vault, passwords, self.credentials)
        self.enrolment = EnrolmentService(self.database, utc_now, self.vault, passwords)
        self.passes = PassService(self.database, utc_now, self.credentials)
        self.candidates = CandidateService(self.database, utc_now, self.vault)
        self.decisions = DecisionService(self.database, utc_now)
        self.ballots = BallotService(self.database)
        self.registration = Registration(self.database, utc_now, self.vault)
        self.voters = VoterService(self.database, utc_now, self.vault)
        self.complaints = ComplaintService(self.database)
        self.complaint_filings = ComplaintFilings(self.database, utc_now, self.vault, AttachmentChecks())
        self.complaint_desk = ComplaintDesk(self.database, utc_now, self.vault)
        self.complaint_following = ComplaintFollowing(self.database, self.vault)
        self.resealing = Resealing(self.database, utc_now, self.vault)
        self.audit = AuditService(self.database)
        self.standing = Standing(self.database, utc_now, sweep=settings.sessions.sweep)
        self.results = ResultsService(self.database)
        self.history = HistoryService(self.database, self.results)
        self.places = PlaceService(self.database)
        self.observing = ObserverService(self.database, self.results)
        self.shapes = ShapeService(self.database, utc_now)
        self.log = LogService(self.database)
        self._books = Books(self.database)
        self.intake = Intake(
            self._intake_database,
            self._books,
            utc_now,
            batch_size=settings.intake.batch_size,
            capacity=settings.intake.capacity,
        )
        self.canvass = Canvass(self.database, self._books, utc_now)
        self.reviewing = ReviewService(self.database, utc_now)
        self.review_following = ReviewFollowing(self.database, utc_now)
        self.entries = EntryService(self.database, self._books)
        self.broker = Broker(
            settings.redis_url,
            [self._books, self.results, self.log, self.review_following],
            [self.standing],
            [self.complaint_following, self.review_following],
        )
        self.watchers = Watchers(settings.live.max_watchers)
        self.overload = Overload(
            late=settings.overload.late,
            requests=settings.overload.requests,
            officers=settings.overload.officers,
            # More at once would wait for a connection to the database.
            readers=settings.storage.pool_size,
        )
        self.broadcasters = Broadcasters(
            pause=lambda: self.overload.slowed(settings.live.pause),
            heartbeat=settings.live.heartbeat,
            stuck=settings.live.stuck,
            connected=lambda: self.broker.connected,
        )

    @property
    def databases(self) -> dict[str, Database]:
        """The pools of connections, by whom they are for."""
        return {"reading": self.database, "intake": self._intake_database}

    def start(self) -> None:
        self.broker.start()
        self.standing.start()
        self.overload.start()
        for signal, receiver, sender in self._receivers():
            signal.connect(receiver, sender=sender, weak=False)

    def _receivers(self) -> list[tuple[Signal, Any, object]]:
        """Several services may live in one process (tests): each hears only its own senders."""
        rights = (self.credentials, self.sign_in, self.officials, self.enrolment)
        return [
            (results_changed, self.broker.announce, self.intake),
            (results_changed, self.broker.announce, self.canvass),
            (election_changed, self.broker.announce, self.elections),
            (election_changed, self.broker.announce, self.canvass_settings),
            (election_changed, self.broker.announce, self.certification),
            (election_changed, self.broker.announce, self.recounts),
            (complaint_changed, self.broker.announce_complaint, self.complaint_filings),
            (complaint_changed, self.broker.announce_complaint, self.complaint_desk),
            *((rights_changed, self.broker.announce_rights, sender) for sender in rights),
        ]

    async def drain(self) -> None:
        """Ends the live streams and WebSockets, so that the server can stop."""
        self.watchers.draining.set()
        await self.broadcasters.close()

    async def close(self) -> None:
        """Takes nothing more in, answers what is under way, and lets go of the engines."""
        await self.intake.close()
        for signal, receiver, _ in self._receivers():
            # From all senders: disconnected from one alone, a signal would keep the receiver for ever.
            signal.disconnect(receiver)
        await self.overload.close()
        await self.standing.close()
        await self.broker.close()
        await self.results.close()
        await self.log.close()
        await self.complaint_following.close()
        await self.review_following.close()
        await self._intake_database.dispose()
        await self.database.dispose()


def services() -> Services:
    """The services of the application that handles this request."""
    return cast(Services, current_app.extensions["tallystream"])
