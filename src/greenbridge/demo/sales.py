"""VAT invoices of the generated town, and those of the second round: late ones, and some that are void now."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from greenbridge.demo.firms import Firm, World
from greenbridge.demo.sheets import BAD_CODE, delivered, noon
from greenbridge.facts.rules.items import VAT_INVOICES
from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import add_months, month_end

MONTHS = 36
REASONS = ("bad_date", "gross_mismatch", "bad_code", "duplicate_row")


def delivery(world: World) -> Delivery:
    """Return all invoices, one row in a thousand spoiled: a quarter for each reason."""
    frame = world.once(invoices).copy()
    spoiled = world.once(spoils)
    frame.loc[spoiled["bad_date"], "issue_date"] = "2020-13-45"
    frame.loc[spoiled["gross_mismatch"], "amount_gross"] = "12.00"
    frame.loc[spoiled["bad_code"], "uscc"] = BAD_CODE
    frame = pd.concat([frame, frame.loc[spoiled["duplicate_row"]]], ignore_index=True)
    return delivered(VAT_INVOICES, "tax_vat_invoices.parquet", frame, noon(world.today))


def spoils(world: World) -> dict[str, list[int]]:
    """Return the numbers of the rows that are spoiled, per reason."""
    count = len(world.once(invoices))
    chosen = world.rng(2).choice(count, size=max(4, count // 1000), replace=False)
    quarter = len(chosen) // 4
    ends = (0, quarter, 2 * quarter, 3 * quarter, len(chosen))
    return {reason: [int(i) for i in chosen[ends[n] : ends[n + 1]]] for n, reason in enumerate(REASONS)}


def invoices(world: World) -> pd.DataFrame:
    """Return every firm's invoices of the last three years as its tax bureau has them, none spoiled."""
    frames = [_firm_invoices(world, firm, direction) for firm in world.firms for direction in ("output", "input")]
    return pd.concat(frames, ignore_index=True)


def vat(world: World) -> dict[tuple[str, date], tuple[float, float]]:
    """Return (output tax, input tax) in yuan of the valid invoices per firm and first day of the month."""
    frame = world.once(invoices)
    valid = frame[frame["status"] == "valid"]
    table = valid.assign(tax=valid["tax"].astype(float), month=valid["issue_date"].str[:7])
    sums = table.pivot_table(index=["uscc", "month"], columns="direction", values="tax", aggfunc="sum", fill_value=0.0)
    return {
        (str(uscc), date.fromisoformat(f"{month}-01")): (float(out), float(into))
        for (uscc, month), out, into in zip(sums.index, sums["output"], sums["input"], strict=True)
    }


def late(world: World, stated_at: datetime) -> Delivery:
    """Return invoices of older months that the bureau had not yet: one firm in ten, two of them."""
    rng = world.rng(191)
    rows = []
    for firm in world.firms[1::10] or world.firms:
        for number in range(2):
            first = add_months(world.today, -2 - number)
            net = round(firm.sales(2 + number, first) / 9 * float(rng.lognormal(0, 0.3)), 2)
            tax = round(net * 0.13, 2)
            rows.append(
                {
                    "uscc": firm.uscc,
                    "direction": "output",
                    "invoice_no": f"{90_000_000 + firm.number * 10 + number:08d}",
                    "issue_date": (first + timedelta(days=int(rng.integers(0, 28)))).isoformat(),
                    "counterparty_id": partner(world, firm, "output", 0),
                    "amount_net": f"{net:.2f}",
                    "tax": f"{tax:.2f}",
                    "amount_gross": f"{net + tax:.2f}",
                    "status": "valid",
                }
            )
    return delivered(VAT_INVOICES, "tax_vat_invoices_late.parquet", rows, stated_at)


def voided(world: World, stated_at: datetime) -> Delivery:
    """Return some invoices of the first round, valid then, that are void now."""
    frame = world.once(invoices)
    taken = [number for numbers in world.once(spoils).values() for number in numbers]
    recent = frame.drop(index=taken)
    recent = recent[(recent["status"] == "valid") & (recent["issue_date"] >= add_months(world.today, -6).isoformat())]
    chosen = world.rng(192).choice(len(recent), size=min(5, len(recent)), replace=False)
    return delivered(VAT_INVOICES, "tax_vat_invoices_corrected.parquet", recent.iloc[sorted(chosen)].assign(status="void"), stated_at)


def links(world: World) -> dict[tuple[int, str], str]:
    """Return (firm's number, direction) -> code of the firm of the town that is its largest customer or supplier: half of the firms
    have one, often a troubled one, so that risk has ways to go. The tax bureau knows such a partner by its code; the others are outside
    the town.
    """
    rng = world.rng(193)
    found: dict[tuple[int, str], str] = {}
    for firm in world.firms:
        for direction in ("output", "input"):
            among = world.troubled if rng.random() < 0.4 else world.firms
            other = among[int(rng.integers(len(among)))]
            if rng.random() < 0.5 and other is not firm:
                found[firm.number, direction] = other.uscc
    return found


def partner(world: World, firm: Firm, direction: str, place: int) -> str:
    """Return how the tax bureau names a firm's counterparty; place 0 is the largest."""
    if place == 0 and (code := world.once(links).get((firm.number, direction))):
        return code
    return f"{'K' if direction == 'output' else 'G'}{firm.number:03d}{place:02d}"


def _firm_invoices(world: World, firm: Firm, direction: str) -> pd.DataFrame:
    rng = world.rng(firm.number, 3 + (direction == "input"))
    factor = 1.0 if direction == "output" else float(rng.uniform(0.55, 0.85))
    partners = int(rng.integers(4, 40) if firm.kind != "troubled" else rng.integers(2, 8))
    weights = 1 / np.arange(1, partners + 1) ** float(rng.uniform(0.3, 1.2))
    dates: list[str] = []
    others: list[str] = []
    nets, states = [], []
    for back, first in world.months(firm, MONTHS):
        if firm.trouble > 0.3 and back <= 3 and rng.random() < 0.6:
            continue
        level = firm.monthly_yuan * factor * (1 + firm.growth) ** (-back / 12) * (1 + 0.2 * np.sin(first.month / 12 * 2 * np.pi))
        count = max(1, int(rng.poisson(9)))
        net = np.round(level / count * rng.lognormal(0, 0.6, count), 2)
        net = np.where(rng.random(count) < 0.015, -net, net)
        dates += [(first + timedelta(days=int(d))).isoformat() for d in rng.integers(0, month_end(first).day, count)]
        others += [partner(world, firm, direction, int(p)) for p in rng.choice(partners, count, p=weights / weights.sum())]
        states.append(np.where(rng.random(count) < firm.void_share, "void", "valid"))
        nets.append(net)
    if not dates:
        return pd.DataFrame()
    net_yuan = pd.Series(np.concatenate(nets))
    tax = (net_yuan * 0.13).round(2)
    start = int(rng.integers(10_000_000, 60_000_000))
    return pd.DataFrame(
        {
            "uscc": firm.uscc,
            "direction": direction,
            "invoice_no": [f"{start + i:08d}" for i in range(len(dates))],
            "issue_date": dates,
            "counterparty_id": others,
            "amount_net": net_yuan.map("{:.2f}".format),
            "tax": tax.map("{:.2f}".format),
            "amount_gross": (net_yuan + tax).map("{:.2f}".format),
            "status": np.concatenate(states),
        }
    )
