"""Checks of the switches' lines in `allocations.yml`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from karst.site.allocations import SwitchAllocation
from karst.site.draft import Draft
from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.switches import OWN_AS_NUMBER, ROUTES, SwitchRole, switches_of


def check_switch_allocations(draft: Draft, problems: Problems) -> None:
    """Pass: each has the numbers of its role, inside their ranges and given once; what is gone is told."""
    document, allocations = draft.allocations, draft.allocations.model
    network, racks = draft.network.model, draft.racks.model
    if allocations is None or network is None or racks is None:
        return
    declared, taken = switches_of(network, racks), dict[tuple[str, object], str]()
    for name, numbers in allocations.switches.items():
        where = document.line("switches", name)
        if name not in declared:
            what = f'switches.{name}: there is no switch "{name}" any more'
            expected = "the switch in network.yml, or `karst allocate --retire` to free its numbers"
            problems.warn(document.file, where, what, expected)
            continue
        role = declared[name].role
        _of_role(draft, name, numbers, role, problems)
        _in_range(draft, name, numbers, network, problems)
        for field in ("ordinal", "out_of_band", "loopback", "as_number"):
            value = getattr(numbers, field)
            key = (f"{field} of a {role.value}" if field == "ordinal" else field, value)
            first = taken.setdefault(key, name)
            if value is not None and first != name:
                what = f"switches.{name}: {field} {value} is that of {first} too"
                problems.error(document.file, where, what, f"{field} of its own for every switch")


def _of_role(draft: Draft, name: str, numbers: SwitchAllocation, role: SwitchRole, problems: Problems) -> None:
    document = draft.allocations
    for field, wanted in (("loopback", role in ROUTES), ("as_number", role in OWN_AS_NUMBER)):
        if (getattr(numbers, field) is not None) is not wanted:
            article = "no" if wanted else "an" if field == "as_number" else "a"
            what = f"switches.{name} has {article} {field}"
            expected = f"{'one' if wanted else 'none'}, as it is of the role {role.value}"
            problems.error(document.file, document.line("switches", name), what, expected)


def _in_range(draft: Draft, name: str, numbers: SwitchAllocation, network: NetworkFile, problems: Problems) -> None:
    document, where = draft.allocations, draft.allocations.line("switches", name)
    prefixes, own = network.prefixes, network.switch_as_numbers
    addresses: tuple[tuple[str, IPv4Address | None, IPv4Network], ...] = (
        ("out_of_band", numbers.out_of_band, prefixes.switch_out_of_band),
        ("loopback", numbers.loopback, prefixes.switch_loopbacks),
    )
    for field, address, prefix in addresses:
        if address is not None and address not in prefix:
            expected = f"one inside {prefix}, as network.yml says"
            problems.error(document.file, where, f"switches.{name}: {field} is {address}", expected)
    if numbers.as_number is not None and own.first <= own.last and numbers.as_number not in own:
        expected = f"one from {own.first} to {own.last}, as network.yml says"
        problems.error(document.file, where, f"switches.{name}: as_number is {numbers.as_number}", expected)
