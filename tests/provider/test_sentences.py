from __future__ import annotations

from karst.provider.differences import compare
from karst.provider.sentences import named

from .samples import device, parsed, server


def test_each_device_that_differs_is_named_with_what_it_is_and_what_is_declared() -> None:
    old = parsed(server(1, asset_tag="scribbled", settings={"BootMode": "Bios"}), server(2))
    new = parsed(server(1), server(2))
    state = {"observed": {name: {"power": "On", "generation": 1} for name in ("s01", "s02")}}
    found = compare(old, new, state, ())
    assert named(found, old, new) == [
        f"s01: asset_tag is scribbled, declared {new.servers['s01'].asset_tag}; "
        f"settings.BootMode is Bios, declared {new.servers['s01'].settings['BootMode']}"
    ]


def test_outlets_are_listed_and_none_is_said() -> None:
    old = parsed(pdus={"pdu-a": device(9, outlets_off=["3", "20"])})
    new = parsed(pdus={"pdu-a": device(9)})
    state = {"observed": {"pdu-a": {"generation": 1}}}
    found = compare(old, new, state, ())
    assert named(found, old, new) == ["pdu-a: outlets_off is 3, 20, declared nothing"]


def test_a_change_to_all_is_cut_short() -> None:
    numbers = range(1, 15)
    old = parsed(*(server(number, asset_tag="old") for number in numbers))
    new = parsed(*(server(number) for number in numbers))
    state = {"observed": {name: {"power": "On", "generation": 1} for name in new.servers}}
    said = named(compare(old, new, state, ()), old, new)
    assert len(said) == 11
    assert said[-1] == "and 4 more; --diff names each"
