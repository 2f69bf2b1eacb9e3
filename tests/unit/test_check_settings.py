"""The settings of the soft checks: how they are stored, and what a tolerance may be."""

import msgspec
import pytest

from models.check_settings import CHECKS, CheckName, CheckSetting, CheckSettings, setting_faults
from models.wording import Worded


def test_settings_are_stored_under_the_names_of_the_checks_and_read_back_the_same() -> None:
    settings = CheckSettings(balance=CheckSetting(tolerance=2), same_ballots=CheckSetting(on=False))
    stored = msgspec.to_builtins(settings)
    assert list(stored) == [check.value for check in CheckName]
    assert stored["same-ballots"] == {"on": False, "tolerance": 0}
    assert msgspec.convert(stored, CheckSettings) == settings


def test_a_check_that_is_not_stored_has_its_default() -> None:
    assert msgspec.convert({}, CheckSettings) == CheckSettings()
    some = msgspec.convert({"outlier": {"on": False, "tolerance": 3}}, CheckSettings)
    assert some == CheckSettings(outlier=CheckSetting(on=False, tolerance=3))


@pytest.mark.parametrize(
    "stored",
    [
        {"balnce": {"on": True}},
        {"balance": {"on": True, "tolerence": 1}},
        {"balance": {"on": True, "tolerance": "many"}},
        {"balance": {"on": True, "tolerance": 1.5}},
        {"balance": {"on": 1}},
        {"double-entry": {"on": True}},
    ],
)
def test_what_is_no_setting_is_not_read(stored: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(stored, CheckSettings)


def test_the_defaults_have_no_fault() -> None:
    assert list(setting_faults(CheckSettings())) == []


@pytest.mark.parametrize("check", CheckName)
def test_a_tolerance_lies_within_its_bounds_whether_the_check_is_on_or_off(check: CheckName) -> None:
    kind = CHECKS[check]
    for tolerance in (kind.least, kind.most):
        assert list(setting_faults(with_tolerance(check, tolerance))) == []
    for tolerance in (kind.least - 1, kind.most + 1):
        for on in (True, False):
            [fault] = setting_faults(with_tolerance(check, tolerance, on=on))
            assert fault.field == f"{check.value}.tolerance"
            assert fault.code == "bad-tolerance"
            assert f"from {kind.least} to {kind.most:,}" in fault.message
            assert kind.unit in fault.message


def test_every_fault_is_named_in_the_order_of_the_checks() -> None:
    far = CheckSetting(tolerance=-5)
    settings = CheckSettings(outlier=far, balance=far, all_zero=far)
    fields = [fault.field for fault in setting_faults(settings)]
    assert fields == ["balance.tolerance", "all-zero.tolerance", "outlier.tolerance"]


def test_every_check_is_explained_in_words_that_can_be_translated() -> None:
    assert list(CHECKS) == list(CheckName)
    for kind in CHECKS.values():
        for text in (kind.label, kind.unit, kind.explanation):
            assert isinstance(text, Worded) and text


def with_tolerance(check: CheckName, tolerance: int, *, on: bool = True) -> CheckSettings:
    return msgspec.convert({check.value: {"on": on, "tolerance": tolerance}}, CheckSettings)
