"""Logins."""

from __future__ import annotations

from karst.twin import auth
from karst.twin.bmc import Bmc, Session
from karst.twin.messages import Answer, Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import OK, stamp
from karst.twin.rules import Rule, creation
from karst.twin.state import Json
from karst.twin.tree import ROOT, Resource, Tree

SERVICE = f"{ROOT}/SessionService"
SESSIONS = f"{SERVICE}/Sessions"


def build(tree: Tree) -> None:
    """The session service and the sessions that are open."""
    about = {
        "Status": OK,
        "ServiceEnabled": True,
        "SessionTimeout": tree.shape.session_timeout_s,
        "Sessions": tree.ref(SESSIONS),
    }
    rules = {"SessionTimeout": Rule(int, low=30, high=86400)}
    tree.add(SERVICE, "SessionService.v1_1_9", "Session service", about, rules, privilege="ConfigureManager")
    tree.types.add("Session.v1_7_1")

    def ids(bmc: Bmc) -> list[str]:
        auth.expire(bmc)
        return [session.id for session in bmc.sessions.values()]

    tree.collection(SESSIONS, "SessionCollection", "Sessions", ids, _open)
    tree.members[SESSIONS] = _find


def _find(bmc: Bmc, key: str) -> Resource | None:
    auth.expire(bmc)
    session = next((each for each in bmc.sessions.values() if each.id == key), None)
    if session is None:
        return None
    return Resource(
        f"{SESSIONS}/{key}",
        lambda bmc: _body(bmc, session),
        delete=lambda _: Change("session_end", {"id": key}),
        privilege="ConfigureManager",
        self_account=session.account,
    )


def _body(bmc: Bmc, session: Session) -> Json:
    account = auth.accounts(bmc).users.get(session.account)
    return {
        **bmc.tree.head(f"{SESSIONS}/{session.id}", "Session.v1_7_1", "Session"),
        "UserName": account.user if account else None,
        "SessionType": "Redfish",
        "CreatedTime": stamp(session.created),
    }


def _open(bmc: Bmc, body: Json, ask: Ask) -> Answer:
    given = creation(
        body, {"UserName": Rule(), "Password": Rule(), "Context": Rule(), "Token": Rule()}, ("UserName", "Password")
    )
    session = auth.open_session(bmc, auth.log_in(bmc, given["UserName"], given["Password"], ask.path))
    where = bmc.tree.link(f"{SESSIONS}/{session.id}")
    return Answer(201, _body(bmc, session), {"Location": where, "X-Auth-Token": session.token})


@operation("session_end")
def _end(bmc: Bmc, arguments: Json) -> None:
    for token in [token for token, session in bmc.sessions.items() if session.id == arguments["id"]]:
        del bmc.sessions[token]
