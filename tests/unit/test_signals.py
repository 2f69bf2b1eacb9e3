"""Every signal is documented where it is made."""

from blinker import NamedSignal

import services.signals


def test_every_signal_says_who_sends_it_with_what_and_what_it_means() -> None:
    signals = [value for value in vars(services.signals).values() if isinstance(value, NamedSignal)]
    assert {signal.name for signal in signals} == {
        "tally-recorded",
        "results-changed",
        "election-changed",
        "complaint-changed",
        "rights-changed",
        "batch-committed",
        "tallies-answered",
        "results-sent",
        "shed",
    }
    for signal in signals:
        assert signal.__doc__ is not None
        sender, _, rest = signal.__doc__.partition(". ")
        assert sender.startswith("Sender: ")
        arguments, _, meaning = rest.partition(". ")
        assert ": " in arguments
        assert meaning.endswith(".")
