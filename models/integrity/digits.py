"""Last digits: whether those of the counts occur equally often (pure).

Beber and Scacco, "What the Numbers Say: A Digit-Based Test for Election Fraud", Political Analysis 20
(2012), 211-234: last digits of counts are close to uniform, and people who invent numbers favour some.

Known against it: counts that lie close together have no uniform last digits either; whoever changes
whole bundles of votes, or stuffs boxes, leaves them uniform; and digit tests in general have both
raised false alarms and missed known fraud (Deckert, Myagkov and Ordeshook, "Benford's Law and the
Detection of Election Fraud", Political Analysis 19 (2011), 245-268, with Mebane's comment, 269-272).
Votes for two selections of one precinct are not independent of each other, so the p-value is a guide.
"""

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from models.integrity.counts import PrecinctCount

DIGITS = 10

# A count of one digit is its own last digit, and small counts are more frequent than large ones. Where
# sizes spread as in Benford's law, a last digit 0 is expected in 12.0% and a 9 in 8.5% of the counts
# of two digits, but in 10.2% and 9.8% of those of three.
LEAST_COUNT = 100

# Each digit is expected five times at least, below which the chi-square distribution is a poor guide
# (Cochran, "Some Methods for Strengthening the Common Chi-Square Tests", Biometrics 10 (1954), 417-451).
NEEDED_COUNTS = 5 * DIGITS


class LastDigits(msgspec.Struct, frozen=True, kw_only=True):
    """How often each last digit, 0 to 9, occurs in the votes of precincts for selections, from 100 votes on.

    `chi_square` is the sum of (found - expected)^2 / expected over the ten digits, all expected equally
    often; `p_value` how often chance alone would give that much or more (9 degrees of freedom). Both are
    null with fewer than `needed` counts. It can show that figures were perhaps made up by hand. It cannot
    show why digits are uneven, and is blind to fraud that moves real votes; of a hundred honest contests,
    five have a p-value below 0.05.
    """

    counts: int
    needed: int
    digits: tuple[int, ...]
    chi_square: float | None
    p_value: float | None


def last_digits(counts: Sequence[PrecinctCount]) -> LastDigits:
    """Of all votes for selections that are LEAST_COUNT or more; write-ins are no selection."""
    large = [votes for count in counts for votes in count.votes if votes >= LEAST_COUNT]
    found = Counter(votes % DIGITS for votes in large)
    digits = tuple(found[digit] for digit in range(DIGITS))
    enough = len(large) >= NEEDED_COUNTS
    statistic = chi_square(digits) if enough else None
    return LastDigits(
        counts=len(large),
        needed=NEEDED_COUNTS,
        digits=digits,
        chi_square=None if statistic is None else round(statistic, 2),
        p_value=None if statistic is None else round(upper_tail(statistic, DIGITS - 1), 4),
    )


def chi_square(found: Sequence[int]) -> float:
    """Pearson's statistic against equal frequencies; `found` must not be all zero."""
    expected = sum(found) / len(found)
    return sum((each - expected) ** 2 for each in found) / expected


def upper_tail(statistic: float, degrees: int) -> float:
    """How often chi-square with an odd number of `degrees` of freedom is `statistic` or more, 0 to 1.

    Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.4.4, which is exact: with x the root
    of the statistic, erfc(x / sqrt 2) + 2 phi(x) (x / 1 + x^3 / (1 * 3) + ... up to x^(degrees - 2)).
    """
    x = math.sqrt(statistic)
    term = total = 0.0
    for power in range(1, degrees - 1, 2):
        term = x if power == 1 else term * x * x / power
        total += term
    density = math.exp(-statistic / 2) / math.sqrt(2 * math.pi)
    return math.erfc(x / math.sqrt(2)) + 2 * density * total
