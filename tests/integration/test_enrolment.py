"""The demo's officials: many at once, the same people again the next time, and nobody else's account."""

import msgspec

from models.fictional.officials import Official
from models.members import MemberEdit
from models.rights import OPERATOR, Role
from tests.desk import Desk

PASSWORD = "correct horse battery staple"
ADMIN = Official("admin", "João Grauer", "joao.grauer@velmora.example", Role.ADMINISTRATOR)
OLGA = Official("olga", "Olga Tamm", "olga.tamm@velmora.example", Role.OFFICER, ("north-1", "south-2"))


async def test_officers_report_for_their_precincts_and_no_others(desk: Desk) -> None:
    assert await desk.house.enrolment.officers("tiny", [OLGA]) == ["olga"]
    info = await desk.house.officials.get("olga")
    assert (info.name, info.email, info.roles) == (OLGA.name, OLGA.email, ["officer"])
    assert info.precincts == ["tiny/north-1", "tiny/south-2"]
    assert not info.has_password


async def test_staff_sign_in_with_the_password_of_the_newest_demo(desk: Desk) -> None:
    house = desk.house
    assert await house.enrolment.staff([ADMIN], "another long password") == ["admin"]
    earlier = await house.sign_in.sign_in("admin", "another long password", OPERATOR)
    assert await house.enrolment.staff([ADMIN], PASSWORD) == ["admin"]
    assert await house.credentials.by_session(earlier.secret) is None
    assert (await house.sign_in.sign_in("admin", PASSWORD, OPERATOR)).roles == ["administrator"]


async def test_somebody_elses_account_is_left_alone(desk: Desk) -> None:
    house = desk.house
    own = MemberEdit(name="Ada", roles=["administrator"], email="ada@example.org")
    before = await house.officials.create("admin", own, OPERATOR)
    assert await house.enrolment.staff([ADMIN], PASSWORD) == ["admin-2"]
    assert await house.enrolment.staff([ADMIN], PASSWORD) == ["admin-2"]
    assert await house.officials.get("admin") == before


async def test_an_account_of_an_earlier_demo_is_let_in_again_and_keeps_its_precincts(desk: Desk) -> None:
    house = desk.house
    await house.enrolment.officers("tiny", [OLGA])
    disabled = MemberEdit(
        name=OLGA.name, roles=[], email=OLGA.email, precincts=["tiny/north-2"], disabled=True
    )
    await house.officials.edit("olga", disabled, "*", OPERATOR)
    await house.enrolment.officers("tiny", [msgspec.structs.replace(OLGA, precincts=("south-1",))])
    info = await house.officials.get("olga")
    assert (info.disabled, info.roles) == (False, ["officer"])
    assert info.precincts == ["tiny/north-2", "tiny/south-1"]
    trail = [entry.changes for entry in await house.audit.before()]
    assert {"disabled": [True, False], "roles": [[], ["officer"]]} in trail


async def test_the_audit_trail_holds_no_personal_data(desk: Desk) -> None:
    await desk.house.enrolment.officers("tiny", [OLGA])
    await desk.house.enrolment.staff([ADMIN], PASSWORD)
    trail = repr(await desk.sql("SELECT * FROM audit_entries"))
    assert "'olga'" in trail and "'admin'" in trail
    assert not any(text in trail for text in (OLGA.email, ADMIN.email, PASSWORD))
