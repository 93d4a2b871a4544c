"""Who asks: basic authentication, sessions, lockout, privileges."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from karst.twin.bmc import Bmc, Session
from karst.twin.errors import refuse
from karst.twin.messages import Ask
from karst.twin.state import Account, Accounts

PRIVILEGES: dict[str, tuple[str, ...]] = {
    "Administrator": ("Login", "ConfigureManager", "ConfigureUsers", "ConfigureSelf", "ConfigureComponents"),
    "Operator": ("Login", "ConfigureSelf", "ConfigureComponents"),
    "ReadOnly": ("Login", "ConfigureSelf"),
}


def accounts(bmc: Bmc) -> Accounts:
    """The BMC's accounts; from the factory there is one."""
    found = bmc.get(Accounts)
    if not found.users:
        user = bmc.world.factory.user
        found.users[user if bmc.shape.named_accounts else "1"] = Account(user)
    return found


def verifier(password: str, salt: str) -> str:
    """A salted hash of a password.

    Not one that is slow on purpose: the twin answers for thousands of BMCs at once, and its passwords are random.
    """
    return hashlib.blake2b(password.encode(), key=bytes.fromhex(salt)).hexdigest()


def seal(password: str) -> dict[str, str]:
    """What is kept of a new password."""
    salt = secrets.token_hex(16)
    return {"salt": salt, "verifier": verifier(password, salt)}


def authenticate(bmc: Bmc, ask: Ask) -> str:
    """Return the id of the account that asks. Raises RedfishError (401)."""
    token = ask.headers.get("x-auth-token")
    if token:
        return _session(bmc, token).account
    scheme, _, encoded = ask.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise refuse(401, "NoValidSession")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise refuse(401, "NoValidSession") from None
    return log_in(bmc, user, password, ask.path)


def _session(bmc: Bmc, token: str) -> Session:
    expire(bmc)
    session = bmc.sessions.get(token)
    if session is None:
        raise refuse(401, "NoValidSession")
    account = accounts(bmc).users.get(session.account)
    if account is None or not account.enabled:
        raise refuse(401, "NoValidSession")
    session.used = bmc.world.now()
    return session


def expire(bmc: Bmc) -> None:
    """End the sessions that were idle too long."""
    limit = bmc.world.now() - timeout_s(bmc)
    for token in [token for token, session in bmc.sessions.items() if session.used < limit]:
        del bmc.sessions[token]


def timeout_s(bmc: Bmc) -> float:
    """How long a session may be idle."""
    path = "/redfish/v1/SessionService"
    return float(bmc.tree.resources[path].body(bmc)["SessionTimeout"])


def log_in(bmc: Bmc, user: str, password: str, path: str) -> str:
    """Return the id of the account. Raises RedfishError (401); too many failures lock the account for a while."""
    state = accounts(bmc)
    now = bmc.world.now()
    found = next((id_ for id_, account in state.users.items() if account.user == user), None)
    if found is None:
        bmc.counters.login_failures += 1
        raise refuse(401, "ResourceAtUriUnauthorized", path, "the credentials are wrong")
    account = state.users[found]
    if account.locked_until > now or not account.enabled:
        # A locked account says no more than a wrong password does.
        bmc.counters.login_failures += 1
        raise refuse(401, "ResourceAtUriUnauthorized", path, "the credentials are wrong")
    if not _matches(bmc, account, password):
        _failed(bmc, state, account, now)
        raise refuse(401, "ResourceAtUriUnauthorized", path, "the credentials are wrong")
    if account.failures:
        account.failures, account.locked_until = 0, 0.0
        bmc.changed(state)
    return found


def _matches(bmc: Bmc, account: Account, password: str) -> bool:
    if not account.verifier:
        return hmac.compare_digest(password.encode(), bmc.world.factory.password.encode())
    return hmac.compare_digest(verifier(password, account.salt), account.verifier)


def _failed(bmc: Bmc, state: Accounts, account: Account, now: float) -> None:
    bmc.counters.login_failures += 1
    if account.failed_at + state.counter_reset_s < now or 0 < account.locked_until <= now:
        account.failures, account.locked_until = 0, 0.0
    account.failures += 1
    account.failed_at = now
    if state.threshold and account.failures >= state.threshold:
        account.locked_until = now + state.lockout_s if state.lockout_s else float(2**53)
        bmc.log(f"Account {account.user} was locked.", "Security.1.0.AccountLocked", "Warning")
    bmc.changed(state)


def open_session(bmc: Bmc, account: str) -> Session:
    """Begin a session. Raises RedfishError (503) if there are as many as the shape bears."""
    expire(bmc)
    if len(bmc.sessions) >= bmc.shape.session_limit:
        raise refuse(503, "SessionLimitExceeded")
    now = bmc.world.now()
    session = Session(str(bmc.next_session), secrets.token_hex(16), account, now, now)
    bmc.next_session += 1
    bmc.counters.logins += 1
    bmc.sessions[session.token] = session
    return session


def require(bmc: Bmc, account: str, privilege: str, self_account: str = "") -> None:
    """Raise RedfishError (403) unless the account's role holds the privilege, or the resource is its own."""
    role = accounts(bmc).users[account].role
    if privilege not in PRIVILEGES[role] and account != self_account:
        raise refuse(403, "InsufficientPrivilege")
