"""The model card as a page to read."""

from typing import Any

_DIRECTIONS = {1: "riskier when larger", -1: "safer when larger", 0: "free"}


def markdown(card: dict[str, Any]) -> str:
    """Return the card in Markdown: every figure comes from the card's own data."""
    d, calibration = card["data"], card["held_out_calibration"]
    lines = [
        f"# Model card: {card['version']}",
        "",
        card["purpose"],
        "",
        "## Data",
        "",
        f"- {d['source']}; {d['firms']} firms, {d['defaulted']} in default, {d['accepted_invoices']:,} accepted invoices from {d['invoices_from']}.",
        f"- Features are cut at {d['features_cut_at']} and read the {d['months_read']} whole months before it. The data is not in this repository.",
        "",
        "## Performance on firms that the model had not seen",
        "",
        card["protocol"] + ".",
        "",
        "| model | AUC | +- (folds) | +- (repeats) | KS | Brier | log-loss |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {m['auc_mean']:.3f} | {m['auc_std']:.3f} | {m['auc_repeat_std']:.3f} | {m['ks']:.3f} | {m['brier']:.3f} | {m['log_loss']:.3f} |"
        for name, m in card["metrics"].items()
    ]
    lines += [
        "",
        "## Calibration (held-out, mean over repeats)",
        "",
        f"Slope {calibration['slope']}, intercept {calibration['intercept']} (1 and 0 are perfect).",
        "",
        "| predicted | firms | mean predicted | observed |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {b['from']:.2f}-{b['to']:.2f} | {b['firms']} | {b['predicted']:.3f} | {b['observed']:.3f} |" for b in calibration["bands"]
    ]
    lines += [
        "",
        "## Features",
        "",
        "| feature | meaning | unit | direction on default | known for | gain |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {f['name']} | {f['label']['en']} | {f['unit']} | {_DIRECTIONS[f['direction']]} | {f['known_share']:.0%} | {f['gain']:.1f} |"
        for f in card["features"]
    ]
    lines += ["", "Left out on purpose:", ""]
    lines += [f"- `{name}`: {why}" for name, why in card["left_out"].items()]
    lines += ["", "## Limits", ""]
    lines += [f"- {limit}" for limit in card["limits"]]
    parameters = ", ".join(f"{k}={v}" for k, v in card["parameters"].items())
    lines += [
        "",
        "## Make it again",
        "",
        "`make train` with `GREENBRIDGE_REAL_DATA` set. " + f"Parameters: {parameters}.",
        "",
    ]
    lines += [f"sha256 of model.txt: `{card['model_sha256']}`", ""]
    return "\n".join(lines)
