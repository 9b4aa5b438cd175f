"""What features are made of: pure NumPy over monthly and yearly series.

Every formula takes arrays float[n_firms, n_months] (or n_years) and returns float[n_firms]. Windows count back from the last
complete month. A window that is known in part is never taken for a whole one: what depends on its length (a sum, a growth, a
longest run) is unknown then; shares and means are of the known months, at least LEAST of them. The formulas of red and void rates
are those of the field: red = sum of negative valid / sum of |valid|; void = |void| / (|valid| + |void|).
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from greenbridge.kit.calendar import add_months
from greenbridge.scoring.values import Arrays, Floats

YEAR = 12
LEAST = 6  # of fewer known months no share and no mean is said


def whole_years(last_month: date) -> tuple[int, int]:
    """Return the last two calendar years that are over with a month, newest first. `whole_years(date(2026, 1, 1)) == (2025, 2024)`."""
    newest = last_month.year if last_month.month == 12 else last_month.year - 1
    return newest, newest - 1


def reach(last_month: date) -> date:
    """Return the earliest day that features of series up to a month speak of: 24 months, and the last two whole years.

    `reach(date(2026, 1, 1)) == date(2024, 1, 1)`.
    """
    return min(add_months(last_month, -23), date(whole_years(last_month)[1], 1, 1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where the whole is not positive. `ratio([1], [4]) == [0.25]`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _window(series: Floats, months: int, skip: int) -> Floats:
    """Return the columns of `months` months that end `skip` months ago, as many of them as there are."""
    return series[:, max(0, series.shape[1] - skip - months) : max(0, series.shape[1] - skip)]


def total(series: Floats, months: int = YEAR, skip: int = 0) -> Floats:
    """Return the sum over `months` months that end `skip` months ago; NaN unless every month of it is known.

    `total([[1, 2, 3, 4]], 2, 1) == [5]`: the months 2 and 3. `[[nan, 3, 4]]` over 3 is unknown: 7 would be a year of two months.
    """
    window = _window(series, months, skip)
    return np.asarray(window.sum(axis=1)) if window.shape[1] == months else np.full(len(series), np.nan)


def known_total(series: Floats, months: int = YEAR, least: int = LEAST) -> Floats:
    """Return the sum over the known months of the last `months`, at least `least`, else NaN: only to be divided by another such sum."""
    window = series[:, -months:]
    # A report waits for these: np.nansum and its like cost several times as much as what they do.
    unknown = np.isnan(window)
    return np.where((~unknown).sum(axis=1) >= least, np.where(unknown, 0.0, window).sum(axis=1), np.nan)


def active_share(series: Floats, months: int = 24) -> Floats:
    """Return the share of the known months, of the last `months`, with something in them; NaN under 6. Of `[[nan, 0, 0, 5, 5, 5, 5]]`: 2/3."""
    window = series[:, -months:]
    known = ~np.isnan(window)
    return _of_known((known & (window != 0)).sum(axis=1), known.sum(axis=1))


def _of_known(part: NDArray[np.int64], known: NDArray[np.int64]) -> Floats:
    """Return the share that some of the known months make; NaN where fewer than LEAST are known."""
    return np.where(known >= LEAST, part / np.maximum(known, 1), np.nan)


def longest_silence(series: Floats, months: int = 24) -> Floats:
    """Return the longest run of zero months inside the last `months`; NaN unless all are known. `[[1, 0, 0, 1, 0]]` over 5 gives 2."""
    window = series[:, -months:]
    run = np.zeros(len(series))
    longest = np.zeros(len(series))
    for month in window.T:
        run = np.where(month == 0, run + 1, 0)
        longest = np.maximum(longest, run)
    return np.where(np.isnan(window).any(axis=1) | (window.shape[1] < months), np.nan, longest)


def variation(series: Floats, months: int = 24) -> Floats:
    """Return the coefficient of variation of the known months; 0 for a constant series, NaN under 6 months."""
    window = series[:, -months:]
    unknown = np.isnan(window)
    count = (~unknown).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a row of NaN only
        mean = np.where(unknown, 0.0, window).sum(axis=1) / count
        away = np.where(unknown, 0.0, window - mean[:, None])
        deviation = np.sqrt((away * away).sum(axis=1) / count)
    return np.where(count >= LEAST, ratio(deviation, mean), np.nan)


def growth(series: Floats) -> Floats:
    """Return the logarithm of last 12 months over the 12 before, held within +-3; `ln 2 = 0.69` when doubled.

    NaN unless all 24 are known: twelve months against a young firm's first five would be no growth.
    """
    now, before = np.maximum(total(series), 0), np.maximum(total(series, YEAR, YEAR), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where((before > 0) & (now >= 0), np.log(np.maximum(now, 1) / np.maximum(before, 1)), np.nan), -3, 3)


def magnitude(fen: Floats) -> Floats:
    """Return log10 of an amount in yuan, 0 for nothing; 1,000,000 yuan gives 6."""
    return np.asarray(np.log10(np.maximum(fen / 100, 0) + 1))


def monthly_mean(series: Floats, months: int = YEAR) -> Floats:
    """Return the mean of the known months of the window; NaN under 6."""
    window = series[:, -months:]
    unknown = np.isnan(window)
    count = (~unknown).sum(axis=1)
    return np.where(count >= LEAST, np.where(unknown, 0.0, window).sum(axis=1) / np.maximum(count, 1), np.nan)


def void_share(a: Arrays, side: str = "sales") -> Floats:
    """Return the void rate by amount over the known months of the last 12; NaN under 6. 10 void of 10 void and 90 valid: 0.1."""
    return counted_share(a[f"{side}_void"], a[f"{side}_absolute"], YEAR)


def newest(yearly: Floats) -> Floats:
    """Return the newest known year's value of each firm."""
    value = yearly[:, -1].copy()
    for column in range(yearly.shape[1] - 2, -1, -1):
        value = np.where(np.isnan(value), yearly[:, column], value)
    return value


def earlier(yearly: Floats) -> Floats:
    """Return the value of the whole year before the newest one, NaN where it is not known. `earlier([[0.2, 0.5]]) == [0.2]`."""
    return yearly[:, -2] if yearly.shape[1] > 1 else np.full(len(yearly), np.nan)


def of_whole_year(yearly: Floats, months_known: Floats, years: int = 1) -> Floats:
    """Return the value of the newest year that has one and of which, as of `years` - 1 years before it, all twelve months are known.

    `months_known` float[n_firms, n_years + 1] begins a year before `yearly`. Customers of four months are not those of a year; and
    what is said of last year's list (`years` 2) is true of a whole list only: of a firm that began in November 2024 nothing is in 2025.
    """
    found = np.full(len(yearly), np.nan)
    for place in range(yearly.shape[1]):
        whole = (months_known[:, place + 2 - years : place + 2] >= YEAR).all(axis=1)
        found = np.where(whole & ~np.isnan(yearly[:, place]), yearly[:, place], found)
    return found


def yearly_growth(yearly: Floats, months_known: Floats) -> Floats:
    """Return the logarithm of the newest year's number over the year before's, held within +-3; 20 after 10 customers: 0.69.

    NaN unless both years are known as a whole.
    """
    whole = (months_known[:, 1:] >= YEAR).all(axis=1)
    now, before = np.where(whole, yearly[:, -1], np.nan), earlier(yearly)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where((now > 0) & (before > 0), np.log(now / before), np.nan), -3, 3)


def trend(series: Floats, months: int = 24) -> Floats:
    """Return the slope a year of the known months against their mean, held within +-3; NaN under 12 known months.

    Sales that climb evenly from 0 to twice their mean over 24 months: slope 2 / 23 months x 12 = +1.04 a year.
    """
    window = series[:, -months:]
    known = ~np.isnan(window)
    count = known.sum(axis=1)
    place = np.where(known, np.arange(window.shape[1], dtype=float), 0.0)
    value = np.where(known, window, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_place, mean = place.sum(axis=1) / count, value.sum(axis=1) / count
        away = np.where(known, place - mean_place[:, None], 0.0)
        slope = (away * value).sum(axis=1) / (away**2).sum(axis=1)
        return np.where((count >= YEAR) & (mean > 0), np.clip(YEAR * slope / mean, -3, 3), np.nan)


def quarter_growth(series: Floats) -> Floats:
    """Return the logarithm of the last 3 months over the same 3 a year ago, held within +-3: season falls out. Halved: -0.69.

    NaN unless all six are known.
    """
    now, before = np.maximum(total(series, 3), 0), np.maximum(total(series, 3, YEAR), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.where(before > 0, np.log(np.maximum(now, 1) / np.maximum(before, 1)), np.nan), -3, 3)


def peak_share(series: Floats) -> Floats:
    """Return the best quarter's share of the last 12 months, NaN unless all are known; an even year gives 0.25, one season 1."""
    window = np.maximum(series[:, -YEAR:], 0)
    if window.shape[1] < YEAR:
        return np.full(len(series), np.nan)
    quarters = window.reshape(len(window), 4, 3).sum(axis=2)
    return ratio(quarters.max(axis=1), quarters.sum(axis=1))


def likeness(one: Floats, other: Floats, months: int = 24) -> Floats:
    """Return the correlation of two monthly series over the months known of both, NaN under 12 or where one never moves.

    A firm that buys when it sells is near 1.
    """
    a, b = one[:, -months:], other[:, -months:]
    known = ~(np.isnan(a) | np.isnan(b))
    count = np.maximum(known.sum(axis=1), 1)
    a, b = np.where(known, a, 0.0), np.where(known, b, 0.0)
    a = np.where(known, a - (a.sum(axis=1) / count)[:, None], 0.0)
    b = np.where(known, b - (b.sum(axis=1) / count)[:, None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where((known.sum(axis=1) >= YEAR) & np.isfinite(found), np.clip(found, -1, 1), np.nan)


def known_months(series: Floats) -> Floats:
    """Return for how many months there is history; NaN for none. `[[nan, 0, 5]]` gives 2."""
    known = (~np.isnan(series)).sum(axis=1).astype(float)
    return np.where(known > 0, known, np.nan)


def counted_share(part: Floats, rest: Floats, months: int = 24) -> Floats:
    """Return part / (part + rest) over the known months, at least 6: 3 void of 3 void and 9 valid invoices are 0.25."""
    some = known_total(part, months)
    return ratio(some, some + known_total(rest, months))


def thin_share(series: Floats, months: int = 24) -> Floats:
    """Return the share of the known months under a tenth of their mean; half the months empty: 0.5; NaN under 6, or where the mean is negative."""
    window = series[:, -months:]
    known = ~np.isnan(window)
    mean = monthly_mean(series, months)
    thin = (known & (np.nan_to_num(window) <= 0.1 * mean[:, None])).sum(axis=1)
    return np.where(mean >= 0, _of_known(thin, known.sum(axis=1)), np.nan)
