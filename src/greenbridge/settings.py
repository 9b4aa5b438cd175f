"""All settings, read once from the environment into one frozen value."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path


def home() -> Path:
    """Return the folder that holds products/, migrations/ and ml/artifacts/: the checkout, or the installed share."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "products").is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout
    return Path(sys.prefix) / "share" / "greenbridge"


def default_data_dir() -> Path:
    """Return ./.data when run from the project's own folder, else the user's data folder."""
    if Path.cwd() == home() and (home() / "pyproject.toml").is_file():
        return home() / ".data"
    return Path.home() / ".local" / "share" / "greenbridge"


def signing_keys(data_dir: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the keys that sign reports, without making anything: who only checks has no installation."""
    if named := environment.get("GREENBRIDGE_KEYS_DIR"):
        return Path(named)
    return (data_dir or Path(environment.get("GREENBRIDGE_DATA_DIR") or default_data_dir())).expanduser() / "keys"


def schemes_dir(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of the place's own schemes; None: those that ship are all."""
    named = environment.get("GREENBRIDGE_SCHEMES_DIR")
    return Path(named).expanduser() if named else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs between two installations; `today` freezes the business date for replays and demonstrations."""

    data_dir: Path
    secret: str
    database_url: str | None = None
    today: date | None = None
    products_dir: Path
    artifacts_dir: Path
    migrations_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    secure_cookies: bool = False
    log_format: str = "auto"
    departments: Path | None = None
    inbox: Path | None = None
    keys_dir: Path | None = None
    schemes_dir: Path | None = None
    land_registry: str | None = None
    land_registry_keys: Path | None = None
    public_url: str = "http://127.0.0.1:8000"
    # Where firms' uploads lie: None is the database, else an S3-compatible store, `s3://bucket/folder`.
    evidence_store: str | None = None
    evidence_endpoint: str | None = None
    evidence_max_bytes: int = 5_000_000
    deadlines: str = "default"
    calls_per_minute: int = 1200
    visits_per_minute: int = 300
    demonstration: bool = False
    smtp_url: str | None = None
    mail_from: str = "greenbridge@localhost"
    sms_gateway: str | None = None

    @property
    def signing_keys(self) -> Path:
        """Return the folder of the keys that sign reports."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def oauth_keys(self) -> Path:
        """Return the folder of the keys that sign programs' access tokens."""
        return self.signing_keys / "oauth"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, *, data_dir: Path | None = None, today: date | None = None
    ) -> "Settings":
        """Build settings; raises ValueError with one sentence for a value that cannot be read."""

        def number(name: str, default: int) -> int:
            raw = environment.get(name, "")
            if raw and not raw.isdecimal():
                raise ValueError(f"{name} must be a whole number, not {raw!r}.")
            return int(raw) if raw else default

        folder = (data_dir or Path(environment.get("GREENBRIDGE_DATA_DIR") or default_data_dir())).expanduser().resolve()
        raw_today = environment.get("GREENBRIDGE_TODAY")
        if raw_today and today is None:
            try:
                today = date.fromisoformat(raw_today)
            except ValueError:
                raise ValueError(f"GREENBRIDGE_TODAY must be a date like 2020-03-01, not {raw_today!r}.") from None
        folder.mkdir(parents=True, exist_ok=True)
        return cls(
            data_dir=folder,
            secret=environment.get("GREENBRIDGE_SECRET") or _kept_secret(folder),
            database_url=environment.get("DATABASE_URL") or None,
            today=today,
            products_dir=Path(environment.get("GREENBRIDGE_PRODUCTS_DIR") or home() / "products"),
            artifacts_dir=Path(environment.get("GREENBRIDGE_ARTIFACTS_DIR") or home() / "ml" / "artifacts"),
            migrations_dir=home() / "migrations",
            host=environment.get("GREENBRIDGE_HOST") or "127.0.0.1",
            port=number("GREENBRIDGE_PORT", 8000),
            workers=number("GREENBRIDGE_WORKERS", 1),
            secure_cookies=environment.get("GREENBRIDGE_SECURE_COOKIES", "") == "1",
            log_format=environment.get("GREENBRIDGE_LOG_FORMAT") or "auto",
            departments=Path(environment["GREENBRIDGE_DEPARTMENTS"]) if environment.get("GREENBRIDGE_DEPARTMENTS") else None,
            keys_dir=Path(environment["GREENBRIDGE_KEYS_DIR"]) if environment.get("GREENBRIDGE_KEYS_DIR") else None,
            schemes_dir=schemes_dir(environment),
            land_registry=environment.get("GREENBRIDGE_LAND_REGISTRY") or None,
            land_registry_keys=Path(environment["GREENBRIDGE_LAND_REGISTRY_KEYS"])
            if environment.get("GREENBRIDGE_LAND_REGISTRY_KEYS")
            else None,
            public_url=(environment.get("GREENBRIDGE_PUBLIC_URL") or "http://127.0.0.1:8000").rstrip("/"),
            evidence_store=environment.get("GREENBRIDGE_EVIDENCE_STORE") or None,
            evidence_endpoint=environment.get("GREENBRIDGE_EVIDENCE_ENDPOINT") or None,
            evidence_max_bytes=number("GREENBRIDGE_EVIDENCE_MAX_BYTES", 5_000_000),
            deadlines=environment.get("GREENBRIDGE_DEADLINES") or "default",
            calls_per_minute=number("GREENBRIDGE_CALLS_PER_MINUTE", 1200),
            visits_per_minute=number("GREENBRIDGE_VISITS_PER_MINUTE", 300),
            demonstration=environment.get("GREENBRIDGE_DEMONSTRATION", "") == "1",
            smtp_url=environment.get("GREENBRIDGE_SMTP_URL") or None,
            mail_from=environment.get("GREENBRIDGE_MAIL_FROM") or "greenbridge@localhost",
            sms_gateway=environment.get("GREENBRIDGE_SMS_GATEWAY") or None,
            inbox=Path(environment["GREENBRIDGE_INBOX"]) if environment.get("GREENBRIDGE_INBOX") else None,
        )


def _kept_secret(folder: Path) -> str:
    """Return the secret kept in the data folder; all processes of one installation share it."""
    kept = folder / "secret"
    try:
        with kept.open("x", encoding="ascii") as file:
            kept.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return kept.read_text(encoding="ascii")
