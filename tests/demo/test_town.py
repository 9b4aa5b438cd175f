from datetime import date

from greenbridge.demo.town import Town
from greenbridge.kit.codes import is_generated_uscc

TODAY = date(2026, 3, 10)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    one, two, other = (list(Town(seed=seed, count=10, today=TODAY).deliveries()) for seed in (7, 7, 8))
    assert [d.content for d in one] == [d.content for d in two]
    assert [d.content for d in one] != [d.content for d in other]


def test_everything_generated_is_marked():
    town = Town(seed=7, count=10, today=TODAY)
    assert all(delivery.generated for delivery in town.deliveries())
    assert all(is_generated_uscc(firm.uscc) for firm in town.firms)
