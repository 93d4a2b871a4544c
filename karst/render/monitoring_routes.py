"""Whom an alert wakes: by its class, many of one cause as one, and not at all what follows from a greater one."""

from __future__ import annotations

from typing import Any

from karst.render.monitoring_rules import Pace
from karst.verify.finding import Alert

# What the first alert of a group waits for the others, and how long until news of a group, and all of it, is told anew.
_WAIT, _NEWS, _AGAIN = 2, 20, 960

# A greater alert, those that follow from it, and what both have in common. What follows is seen in Prometheus as ever,
# and wakes nobody.
_IMPLIES = (
    ("FeedLost", ("PduLost", "PsuInputLost", "SwitchUnobserved"), "feed"),
    # The other ends of its cables: hosts of its row, and whatever switches it goes to.
    ("SwitchUnobserved", ("LinkLost",), "row"),
    ("PduLost", ("PsuInputLost",), "pdu"),
    ("CoolingZoneTooWarm", ("InletTooWarm",), "cooling_zone"),
    ("FansNotRedundant", ("FanLost",), "server"),
)


def routes(pace: Pace, page: str, ticket: str) -> dict[str, Any]:
    """Return Alertmanager's configuration. `page` and `ticket` are the URLs that it posts each class to."""
    return {
        "route": {
            "receiver": Alert.TICKET.value,
            "group_by": ["alertname", "row"],
            "group_wait": pace.scrapes(_WAIT),
            "group_interval": pace.scrapes(_NEWS),
            "repeat_interval": pace.scrapes(_AGAIN),
            "routes": [
                # Somebody works on it, and knows.
                {"receiver": "nobody", "matchers": ['held="yes"']},
                # A lost path takes the feeds of many rows with it, as its UPSes do, and is one thing.
                {
                    "receiver": Alert.PAGE.value,
                    "matchers": ['alertname=~"FeedLost|UpsAlarm"'],
                    "group_by": ["alertname", "path"],
                },
                {
                    "receiver": Alert.PAGE.value,
                    "matchers": ['alertname="CoolingZoneTooWarm"'],
                    "group_by": ["alertname", "hall"],
                },
                # A link has two ends, and a spine has one in every row.
                {
                    "receiver": Alert.PAGE.value,
                    "matchers": ['alertname=~"SwitchUnobserved|SwitchLinkLost"'],
                    "group_by": ["alertname"],
                },
                {"receiver": Alert.PAGE.value, "matchers": [f'alert="{Alert.PAGE.value}"']},
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": [f'alertname="{source}"'],
                "target_matchers": [f'alertname=~"{"|".join(targets)}"'],
                "equal": [common],
            }
            for source, targets, common in _IMPLIES
        ],
        "receivers": [
            _receiver(Alert.PAGE, page),
            _receiver(Alert.TICKET, ticket),
            {"name": "nobody"},
        ],
    }


def _receiver(alert: Alert, url: str) -> dict[str, Any]:
    return {"name": alert.value, "webhook_configs": [{"url": url, "send_resolved": True}]}
