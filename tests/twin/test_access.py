"""Who may do what: sessions, basic authentication, lockout, roles, and the certificate that is served."""

from __future__ import annotations

import ssl

import pytest
from twin_support import PASSWORD, USER, Bmc, Twin, until

SESSIONS = "/redfish/v1/SessionService/Sessions"
ACCOUNTS = "/redfish/v1/AccountService/Accounts"


def log_in(bmc: Bmc, user: str = USER, password: str = PASSWORD) -> Bmc:
    answer = Bmc(bmc.address, bmc.port, bmc.certificate, auth=None).ask(
        "POST", SESSIONS, {"UserName": user, "Password": password}
    )
    assert answer.status == 201, answer.body
    return Bmc(bmc.address, bmc.port, bmc.certificate, token=answer.headers["X-Auth-Token"])


def test_root_is_open_and_the_rest_is_not(bmc: Bmc) -> None:
    bmc.auth = None
    assert bmc.get("/redfish") == {"v1": "/redfish/v1/"}
    root = bmc.ask("GET", "/redfish/v1/")
    assert root.status == 200
    assert root.headers["OData-Version"] == "4.0"
    assert root.headers["ETag"] == root.body["@odata.etag"]
    assert bmc.ask("GET", "/redfish/v1/odata").status == 200
    assert "edmx:Edmx" in bmc.ask("GET", "/redfish/v1/$metadata").body
    for path in ("/redfish/v1/Systems", "/redfish/v1/Nonsense", SESSIONS):
        answer = bmc.ask("GET", path)
        assert answer.status == 401
        assert "WWW-Authenticate" in answer.headers


def test_another_certificate_is_not_trusted(twin: Twin, shape: str) -> None:
    bmc = twin.bmc(twin.fresh(shape))
    bmc.certificate = twin.bmc(twin.fresh(shape)).certificate
    with pytest.raises(ssl.SSLCertVerificationError):
        bmc.ask("GET", "/redfish/v1/")


def test_basic_authentication(bmc: Bmc) -> None:
    assert bmc.ask("GET", "/redfish/v1/Systems").status == 200
    for auth in ((USER, "wrong"), ("nobody", PASSWORD)):
        bmc.auth = auth
        answer = bmc.ask("GET", "/redfish/v1/Systems")
        assert answer.status == 401
        assert "wrong" not in str(answer.body).replace("credentials are wrong", "")


def test_session_begins_and_ends(bmc: Bmc) -> None:
    session = log_in(bmc)
    assert session.ask("GET", "/redfish/v1/Systems").status == 200
    members = [each["@odata.id"] for each in session.get(SESSIONS)["Members"]]
    assert len(members) == 1
    assert session.get(members[0])["UserName"] == USER
    assert session.ask("DELETE", members[0]).status == 204
    assert session.ask("GET", "/redfish/v1/Systems").status == 401


def test_session_limit(twin: Twin) -> None:
    bmc = twin.bmc(twin.fresh("leigong"))
    first, *_ = [log_in(bmc) for _ in range(8)]
    bmc.auth = None
    refused = bmc.ask("POST", SESSIONS, {"UserName": USER, "Password": PASSWORD})
    assert refused.status == 503
    assert refused.messages == ["SessionLimitExceeded"]
    member = first.get(SESSIONS)["Members"][0]["@odata.id"]
    assert first.ask("DELETE", member).status == 204
    log_in(bmc)


def test_session_times_out(bmc: Bmc, name: str, twin: Twin) -> None:
    service = "/redfish/v1/SessionService"
    assert bmc.patch(service, {"SessionTimeout": 10}).messages == ["PropertyValueOutOfRange"]
    assert bmc.patch(service, {"SessionTimeout": 30}).status in (200, 204)
    assert bmc.get(service)["SessionTimeout"] == 30
    assert twin.device(name)["sessions"] == 0


def test_lockout_really_refuses_and_ends(bmc: Bmc) -> None:
    service = "/redfish/v1/AccountService"
    assert bmc.patch(service, {"AccountLockoutDuration": 1, "AccountLockoutCounterResetAfter": 1}).status in (200, 204)
    right, wrong = bmc.auth, (USER, "not-it")
    for _ in range(5):
        bmc.auth = wrong
        assert bmc.ask("GET", "/redfish/v1/Systems").status == 401
    bmc.auth = right
    assert bmc.ask("GET", "/redfish/v1/Systems").status == 401
    until(lambda: bmc.ask("GET", "/redfish/v1/Systems").status == 200)


def test_four_failures_do_not_lock(bmc: Bmc) -> None:
    right = bmc.auth
    for _ in range(3):
        bmc.auth = (USER, "not-it")
        for _ in range(4):
            assert bmc.ask("GET", "/redfish/v1/Systems").status == 401
        bmc.auth = right
        assert bmc.ask("GET", "/redfish/v1/Systems").status == 200


def test_accounts(bmc: Bmc) -> None:
    made = bmc.post(ACCOUNTS, {"UserName": "karst", "Password": "First-Word-1", "RoleId": "Administrator"})
    assert made.status in (200, 201), made.body
    paths = [each["@odata.id"] for each in bmc.get(ACCOUNTS)["Members"]]
    mine = next(path for path in paths if bmc.get(path)["UserName"] == "karst")
    assert bmc.get(mine)["Password"] is None
    bmc.auth = ("karst", "First-Word-1")
    assert bmc.patch(mine, {"Password": "Second-Word-2"}, settle=False).status in (200, 202, 204)
    bmc.auth = ("karst", "Second-Word-2")
    until(lambda: bmc.ask("GET", "/redfish/v1/Systems").status == 200)
    bmc.auth = (USER, PASSWORD)
    again = bmc.post(ACCOUNTS, {"UserName": "karst", "Password": "Third-Word-3", "RoleId": "Operator"})
    assert again.messages == ["ResourceAlreadyExists"]
    factory_account = next(path for path in paths if path != mine)
    assert bmc.ask("DELETE", factory_account).status == 204
    assert bmc.ask("GET", "/redfish/v1/Systems").status == 401
    bmc.auth = ("karst", "Second-Word-2")
    assert bmc.ask("DELETE", mine).messages == ["ResourceCannotBeDeleted"]


def test_bad_accounts_are_refused_without_repeating_the_password(bmc: Bmc) -> None:
    answer = bmc.post(ACCOUNTS, {"UserName": "x", "Password": "tiny", "RoleId": "King", "Colour": 1})
    assert answer.status == 400
    assert set(answer.messages) == {"PropertyValueOutOfRange", "PropertyValueNotInList", "PropertyUnknown"}
    assert "tiny" not in str(answer.body)
    assert bmc.post(ACCOUNTS, {}).messages == ["PropertyMissing"] * 3
    assert len(bmc.get(ACCOUNTS)["Members"]) == 1


def test_roles(bmc: Bmc) -> None:
    assert bmc.post(ACCOUNTS, {"UserName": "guest", "Password": "Guest-Word-1", "RoleId": "ReadOnly"}).status in (
        200,
        201,
    )
    system = bmc.system
    tag = bmc.get(system)["@odata.etag"]
    bmc.auth = ("guest", "Guest-Word-1")
    assert bmc.ask("GET", system).status == 200
    refused = bmc.ask("PATCH", system, {"AssetTag": "x"}, {"If-Match": tag})
    assert refused.status == 403
    assert refused.messages == ["InsufficientPrivilege"]
