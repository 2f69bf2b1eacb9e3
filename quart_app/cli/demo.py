"""`tallystream demo`: a fictional election, a server, and its election night over officers' connections."""

import asyncio
import contextlib
import ssl

import click
import httpx
import msgspec

from models.fictional import MAX_PRECINCTS, FictionalElection, fictional_election
from quart_app.api.results import ElectionResults
from quart_app.cli.access import operator
from quart_app.cli.demo_night import Night, totals_of, totals_shown
from quart_app.cli.demo_scene import Scene, set_scene
from quart_app.cli.demo_server import DemoServer, demo_server
from quart_app.cli.officer import Officer, Patience
from quart_app.cli.running import (
    Failure,
    counted,
    leaving_on_sigterm,
    open_services,
    run,
    running_engines,
    together,
)
from quart_app.settings import Settings
from repositories.migrations import migrate

NIGHT_SECONDS = 120.0
# The TLS port is so far above the other: 8000 and 8443.
TLS_ABOVE = 443
# How long the server may take to show what it has acknowledged.
SETTLE_SECONDS = 10.0
LOOK_SECONDS = 0.1


@operator
@click.command()
@click.option("--precincts", type=click.IntRange(1, MAX_PRECINCTS), default=300, show_default=True)
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="End after a night of so many seconds."
)
@click.option(
    "--port", type=click.IntRange(1, 65535 - TLS_ABOVE), help="Of HTTP/1.1; that of HTTP/2 is 443 higher."
)
def demo(precincts: int, seconds: float | None, port: int | None) -> None:
    """Play a fictional election night on a server of its own, and stay up until Ctrl-C."""
    script = fictional_election(precincts=precincts)
    tls_port = port + TLS_ABOVE if port else None
    stays = seconds is None
    with (
        contextlib.suppress(*[KeyboardInterrupt] if stays else []),
        leaving_on_sigterm(),
        running_engines() as settings,
    ):
        run(migrate(settings.database_url or ""))
        with demo_server(settings, port=port, tls_port=tls_port) as server:
            run(_demo(settings, server, script, seconds or NIGHT_SECONDS, stays=stays))


async def _demo(
    settings: Settings, server: DemoServer, script: FictionalElection, seconds: float, *, stays: bool
) -> None:
    async with open_services(settings) as house:
        scene = await set_scene(house, script)
    code = scene.code
    trust = server.address.trust(settings)
    async with httpx.AsyncClient(
        http2=True, verify=server.address.trust(settings), trust_env=False
    ) as client:
        await server.become_ready(client)
        click.echo(f"Watch the night live: {server.address.http}/elections/{code}")
        click.echo(
            f"(the certificate was made for this machine, so a browser asks about it; "
            f"without TLS: {server.plain.http}/elections/{code})"
        )
        click.echo(
            f"Sign in at {server.address.http}/login as {scene.accounts} with the password {scene.password}"
        )
        night = Night(script, seconds)
        await server.meanwhile(_play(night, server, scene, trust))
        results = await _settled(client, f"{server.address.http}/api/v1/elections/{code}/results", night.head)
    _compare(script, results)
    click.echo(_summary(night, results, len(script.tallies), _precincts(script)))
    if stays:
        click.echo("The server stays up until Ctrl-C.")
        await server.watch()


async def _play(night: Night, server: DemoServer, scene: Scene, trust: ssl.SSLContext) -> None:
    """Each officer sends with a token of their own, for the precincts that are theirs."""
    patience = Patience()
    officers = {
        username: Officer(server.address, scene.code, token, trust, patience)
        for username, token in scene.tokens.items()
    }
    try:
        await together(officer.start() for officer in officers.values())
        await night.play(officers)
    finally:
        await asyncio.gather(*(officer.stop() for officer in officers.values()))


async def _settled(client: httpx.AsyncClient, address: str, head: int) -> ElectionResults:
    """The results that the server shows once they hold log entry `head`. Raises Failure."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_SECONDS
    while loop.time() < deadline:
        response = await client.get(address)
        if response.status_code == 200:
            results = msgspec.json.decode(response.content, type=ElectionResults)
            if results.version >= head:
                return results
        await asyncio.sleep(LOOK_SECONDS)
    raise Failure(f"{address} does not show log entry {head}, which a receipt has named.")


def _compare(script: FictionalElection, results: ElectionResults) -> None:
    """Raises Failure where the results are not those of the script's right tallies."""
    wanted, found = totals_of(script.tallies), totals_shown(results.contests)
    wrong = [contest for contest in wanted.keys() | found.keys() if wanted.get(contest) != found.get(contest)]
    if wrong:
        raise Failure(f"The results are not those of the script in {', '.join(sorted(wrong))}.")


def _precincts(script: FictionalElection) -> int:
    return sum(unit.kind == "precinct" for unit in script.definition.units)


def _summary(night: Night, results: ElectionResults, tallies: int, precincts: int) -> str:
    complete = sum(contest.units_reported == contest.units_expected for contest in results.contests)
    return (
        f"Election night over: {tallies:,} tallies from {counted(precincts, 'precinct')}, "
        f"{counted(night.quarantined + night.refused, 'mistake')}, {night.corrected:,} corrected, "
        f"{counted(complete, 'contest')} complete, in {night.seconds:.1f} s"
    )
