"""The BMC's users, their roles, and the rules of lockout."""

from __future__ import annotations

from karst.twin import auth
from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import OK
from karst.twin.rules import Rule, Rules, creation
from karst.twin.state import Account, Json
from karst.twin.tree import ROOT, Resource, Tree

SERVICE = f"{ROOT}/AccountService"
ACCOUNTS = f"{SERVICE}/Accounts"
ROLES = f"{SERVICE}/Roles"

PASSWORD_MAX = 64
# Redfish's properties and where the state keeps them.
_LOCKOUT = {
    "AccountLockoutThreshold": "threshold",
    "AccountLockoutDuration": "lockout_s",
    "AccountLockoutCounterResetAfter": "counter_reset_s",
}


def build(tree: Tree) -> None:
    """The account service, accounts and roles."""
    fixed = {
        "Status": OK,
        "ServiceEnabled": True,
        "MaxPasswordLength": PASSWORD_MAX,
        "LocalAccountAuth": "Enabled",
        "Accounts": tree.ref(ACCOUNTS),
        "Roles": tree.ref(ROLES),
    }

    def read(bmc: Bmc) -> Json:
        state = auth.accounts(bmc)
        lockout = {name: getattr(state, field) for name, field in _LOCKOUT.items()}
        return {**fixed, **lockout, "MinPasswordLength": state.min_length}

    rules = {name: Rule(int, low=0, high=86400) for name in _LOCKOUT}
    tree.add(
        SERVICE,
        "AccountService.v1_15_1",
        "Account service",
        read,
        rules,
        lambda _, changes: Change("lockout", changes),
        privilege="ConfigureUsers",
    )
    tree.types.add("ManagerAccount.v1_12_1")
    tree.collection(
        ACCOUNTS,
        "ManagerAccountCollection",
        "Accounts",
        lambda bmc: auth.accounts(bmc).users,
        _create,
        privilege="ConfigureUsers",
    )
    tree.members[ACCOUNTS] = _find
    tree.collection(ROLES, "RoleCollection", "Roles", auth.PRIVILEGES)
    for role, privileges in auth.PRIVILEGES.items():
        tree.add(
            f"{ROLES}/{role}",
            "Role.v1_3_2",
            f"{role} role",
            {"RoleId": role, "IsPredefined": True, "AssignedPrivileges": list(privileges)},
        )


def _find(bmc: Bmc, key: str) -> Resource | None:
    if key not in auth.accounts(bmc).users:
        return None
    return Resource(
        f"{ACCOUNTS}/{key}",
        lambda bmc: _body(bmc, key),
        _rules,
        lambda bmc, changes: _change(bmc, key, changes),
        delete=lambda bmc: _remove(bmc, key),
        privilege="ConfigureUsers",
        self_account=key,
    )


def _body(bmc: Bmc, key: str) -> Json:
    account = auth.accounts(bmc).users[key]
    return {
        **bmc.tree.head(f"{ACCOUNTS}/{key}", "ManagerAccount.v1_12_1", "User account"),
        "UserName": account.user,
        "Password": None,
        "RoleId": account.role,
        "Enabled": account.enabled,
        "Locked": account.locked_until > bmc.world.now(),
        "AccountTypes": ["Redfish"],
        "Links": {"Role": bmc.tree.ref(f"{ROLES}/{account.role}")},
    }


def _rules(bmc: Bmc) -> Rules:
    return {
        "UserName": Rule(low=1, high=32),
        "Password": Rule(low=auth.accounts(bmc).min_length, high=PASSWORD_MAX),
        "RoleId": Rule(choices=tuple(auth.PRIVILEGES)),
        "Enabled": Rule(bool),
        "Locked": Rule(bool, choices=(False,)),  # a client unlocks, it does not lock
    }


def _sealed(changes: Json) -> Json:
    """The changes with a verifier in place of the password, which nothing keeps."""
    kept = {name: value for name, value in changes.items() if name != "Password"}
    return kept | (auth.seal(changes["Password"]) if "Password" in changes else {})


def _create(bmc: Bmc, body: Json, _: Ask) -> Change:
    rules = {**_rules(bmc), "AccountTypes": Rule(list)}
    given = creation(body, rules, ("UserName", "Password", "RoleId"))
    state = auth.accounts(bmc)
    _refuse_taken(bmc, given["UserName"])
    if len(state.users) >= bmc.shape.accounts_max:
        raise refuse(400, "CreateLimitReachedForResource")
    key = given["UserName"] if bmc.shape.named_accounts else str(state.next_id)
    return Change("account", {"id": key, "new": True, **_sealed(given)}, f"{ACCOUNTS}/{key}")


def _refuse_taken(bmc: Bmc, user: str, besides: str = "") -> None:
    if any(account.user == user for key, account in auth.accounts(bmc).users.items() if key != besides):
        raise refuse(400, "ResourceAlreadyExists", "ManagerAccount", "UserName", user)


def _change(bmc: Bmc, key: str, changes: Json) -> Change:
    if "UserName" in changes:
        _refuse_taken(bmc, changes["UserName"], key)
    if changes.get("Enabled") is False or changes.get("RoleId", "Administrator") != "Administrator":
        _refuse_last(bmc, key)
    return Change("account", {"id": key, **_sealed(changes)})


def _remove(bmc: Bmc, key: str) -> Change:
    _refuse_last(bmc, key)
    return Change("account_delete", {"id": key})


def _refuse_last(bmc: Bmc, key: str) -> None:
    """A BMC does not let itself be locked for good."""
    users = auth.accounts(bmc).users.items()
    if not any(account.enabled and account.role == "Administrator" for other, account in users if other != key):
        raise refuse(400, "ResourceCannotBeDeleted")


@operation("account")
def _account(bmc: Bmc, arguments: Json) -> None:
    state = auth.accounts(bmc)
    key = arguments["id"]
    if arguments.get("new"):
        # Asked for twice while a task waited.
        _refuse_taken(bmc, arguments["UserName"])
        key = key if bmc.shape.named_accounts else str(state.next_id)
        state.next_id += 1
        state.users[key] = Account(arguments["UserName"])
        bmc.log(f"Account {arguments['UserName']} was created.", "ResourceEvent.1.4.ResourceCreated")
    account = state.users.get(key)
    if account is None:
        raise refuse(404, "ResourceMissingAtURI", f"{ACCOUNTS}/{key}")
    account.user = arguments.get("UserName", account.user)
    account.role = arguments.get("RoleId", account.role)
    account.enabled = arguments.get("Enabled", account.enabled)
    if "verifier" in arguments:
        account.salt, account.verifier = arguments["salt"], arguments["verifier"]
        bmc.log(f"The password of account {account.user} was set.", "ResourceEvent.1.4.ResourceChanged")
    if "verifier" in arguments or arguments.get("Locked") is False:
        account.failures, account.locked_until = 0, 0.0
    bmc.changed(state)


@operation("account_delete")
def _delete(bmc: Bmc, arguments: Json) -> None:
    state = auth.accounts(bmc)
    gone = state.users.pop(arguments["id"])
    bmc.log(f"Account {gone.user} was removed.", "ResourceEvent.1.4.ResourceRemoved")
    bmc.changed(state)


@operation("lockout")
def _lockout(bmc: Bmc, arguments: Json) -> None:
    state = auth.accounts(bmc)
    for name, value in arguments.items():
        setattr(state, _LOCKOUT[name], value)
    bmc.changed(state)
