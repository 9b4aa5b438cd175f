"""In which order a delivered row's columns are shown."""

from collections.abc import Iterable

from greenbridge.facts.rules import cleaning
from greenbridge.facts.values import Item


def ordered(item: Item, names: Iterable[str]) -> list[str]:
    """Return delivered columns, each once, as the item lists its fields: who first, what it does not know last.

    A set-aside row is kept as JSON, which forgets the order in which its columns came.
    """
    spelled = cleaning.spellings(item, {})
    whose = ("uscc", cleaning.FIRM_NAME, cleaning.REGION, cleaning.REGISTRATION_NO)
    places = {name: place for place, name in reversed(list(enumerate((*whose, *(f.name for f in item.fields)))))}

    def place(name: str) -> int:
        return places.get(spelled.get(name, name), len(places))

    return sorted(dict.fromkeys(names), key=place)
