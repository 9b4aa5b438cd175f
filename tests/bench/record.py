"""The speed goals of the project in one file, `bench.json`: a list of name, peer, ratio, goal, machine, date.

`ratio` is the peer's time over our own, more is better; a goal "at most 2.5x the limit" is 0.4; no goal is null.
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench.json"


def machine() -> str:
    """Return what ran: processor, cores, Python."""
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return (
        f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def record(name: str, peer: str, ratio: float, goal: float | None, file: Path = BENCH) -> None:
    """Write one measured goal, in the place of the same goal measured before."""
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    kept = [one for one in kept if (one["name"], one["peer"]) != (name, peer)]
    today = datetime.now(UTC).date().isoformat()
    kept.append(
        {"name": name, "peer": peer, "ratio": round(ratio, 3), "goal": goal and round(goal, 3), "machine": machine(), "date": today}
    )
    file.write_text(
        json.dumps(sorted(kept, key=lambda one: (one["name"], one["peer"])), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    said = "no goal" if goal is None else f"goal {goal:g}"
    print(f"\n{name}: {ratio:.2f}x against {peer} ({said})")
