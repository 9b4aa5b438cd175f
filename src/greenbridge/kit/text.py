"""A short text in both languages of the service."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One thing to read, Chinese first. `Text("税务", "tax").in_("en") == "tax"`."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """Return the text in one language."""
        return self.en if language == "en" else self.zh

    def __str__(self) -> str:
        return self.zh
