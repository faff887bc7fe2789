"""What is kept is bounded in bytes, and the least recently used goes first."""

from __future__ import annotations

from kg.query.cache import LeastRecentlyUsed


def test_the_least_recently_used_goes_first() -> None:
    """Reading counts as use."""
    cache: LeastRecentlyUsed[int] = LeastRecentlyUsed(320)
    for number in range(16):
        cache.put(number, number, 20)
    assert cache.get(0) == 0
    cache.put(16, 16, 20)

    assert cache.get(0) == 0
    assert cache.get(1) is None
    assert cache.size == 320


def test_one_entry_does_not_crowd_out_all() -> None:
    """An entry above a sixteenth of the whole is not kept."""
    cache: LeastRecentlyUsed[int] = LeastRecentlyUsed(320)
    cache.put("large", 1, 21)

    assert len(cache) == 0


def test_an_entry_takes_the_place_of_the_one_before() -> None:
    """Its size too."""
    cache: LeastRecentlyUsed[int] = LeastRecentlyUsed(320)
    cache.put("key", 1, 20)
    cache.put("key", 2, 10)

    assert cache.get("key") == 2
    assert cache.size == 10
    cache.clear()
    assert (len(cache), cache.size) == (0, 0)
