"""What a firm states of itself and what it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.schemes.values import Value


class Author(StrEnum):
    """Whose word a statement is; a reviewer's comes before the firm's."""

    FIRM = "firm"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Statement:
    """One value as somebody stated it: None takes it back, and of a reviewer says that it is not proven. The newest of an author counts.

    `pledge`: the edition of the pledge under which the firm stated it. `file`: the upload that shows it.
    """

    id: UUID
    case_id: UUID
    name: str
    value: Value | None
    author: Author
    reason: str
    at: datetime
    login: str
    pledge: str
    file: "StoredFile | None" = None
    generated: bool = False


class FileKind(StrEnum):
    """Kinds of files that may be uploaded; value: media type."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"


FILE_NAMES: Mapping[FileKind, tuple[str, ...]] = {FileKind.PDF: (".pdf",), FileKind.PNG: (".png",), FileKind.JPEG: (".jpg", ".jpeg")}


class Place(StrEnum):
    """Where a file's bytes lie."""

    DATABASE = "database"
    S3 = "s3"


PLACE_NAMES: Mapping[Place, Text] = {Place.DATABASE: Text("数据库", "database"), Place.S3: Text("对象存储", "object store")}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An upload: its bytes are found by `key` (their SHA-256 stands in it)."""

    id: UUID
    case_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    place: Place
    key: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes
