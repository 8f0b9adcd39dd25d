"""Nobody comes in who should not: other hosts' names, other pages, wrong tokens, odd paths."""

import pytest

from sortal.errors import UserError
from sortal.jobs.ensembles.ensemble import ensemble
from sortal.store.records.job_files import Jobs
from sortal.store.store import Store
from sortal.web.settings import ServerSettings, is_loopback

API = "/api/v1"
TOKEN = "a-token-of-the-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "a@127.0.0.1", "[::1"],
)
def test_a_name_that_was_pointed_here_is_refused(client, host):
    answer = client.get(f"{API}/jobs", headers={"Host": host})
    assert answer.status_code == 421
    assert "expected an address" in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:8765", "192.168.1.7:80"])
def test_addresses_and_localhost_are_answered(client, host):
    assert client.get(f"{API}/jobs", headers={"Host": host}).status_code == 200


def test_a_name_that_was_given_is_answered(caller):
    client = caller(names=("lab.example",))
    assert client.get(f"{API}/jobs", headers={"Host": "LAB.example:8765"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_only_our_own_pages_may_delete(caller, store, headers):
    client = caller(own_page=False)
    answer = client.post(f"{API}/jobs/kinds/delete", headers=headers)
    assert answer.status_code == 403
    assert Store.open(store).jobs.names() == ["kinds"]


def test_our_own_page_deletes(client, store):
    answer = client.post(f"{API}/jobs/kinds/delete")
    assert answer.json() == {"members": 7}
    assert Store.open(store).jobs.names() == []
    assert client.post(f"{API}/jobs/kinds/delete").status_code == 404


def test_an_ensemble_is_deleted_and_what_it_averages_stays(client, store):
    ensemble(Store.open(store), ["kinds/net", "kinds/tree/a b"], title="both")
    path = f"{API}/jobs/kinds/classifiers/delete"
    assert client.post(path, params={"title": "both"}).json() == {"members": 1}
    assert client.post(path, params={"title": "net"}).status_code == 404
    assert client.get(f"{API}/jobs/kinds").json()["outline"]["done"] == 7


def test_a_disk_that_cannot_be_read_is_told(client, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Jobs, "names", fail)
    answer = client.get(f"{API}/jobs")
    assert answer.status_code == 503
    assert "Permission denied" in answer.json()["error"]


def test_a_fault_of_ours_is_told_in_a_sentence(caller, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Jobs, "names", fail)
    answer = caller(raises=False).get(f"{API}/jobs")
    assert answer.status_code == 500
    assert "a fault of Sortal" in answer.json()["error"]


def test_nothing_is_deleted_by_reading(client):
    assert client.get(f"{API}/jobs/kinds/delete").status_code == 405


def test_other_pages_may_not_make_the_server_compute(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.get(f"{API}/jobs/kinds/projection", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-token"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "},
        {"Cookie": "sortal_session_8765=0"},
        {"Cookie": "sortal_session_8765"},
    ],
)
def test_without_the_token_nothing_is_told_or_deleted(caller, store, headers):
    client = caller(token=TOKEN)
    for path in ("jobs", "openapi.json", "jobs/kinds/predictions.npy?title=net"):
        assert client.get(f"{API}/{path}", headers=headers).status_code == 401
    assert client.post(f"{API}/jobs/kinds/delete", headers=headers).status_code == 401
    assert Store.open(store).jobs.names() == ["kinds"]


def test_the_token_lets_programs_in_from_anywhere(caller, store):
    client = caller(own_page=False, token=TOKEN)
    assert client.get(f"{API}/jobs", headers=BEARER).status_code == 200
    assert client.post(f"{API}/jobs/kinds/delete", headers=BEARER).status_code == 200
    assert Store.open(store).jobs.names() == []


def test_a_browser_with_the_token_gets_a_cookie_unread_by_code(caller):
    """Scripts of the page cannot read it."""
    client = caller(token=TOKEN)
    assert client.post(f"{API}/session", json={"token": "wrong"}).status_code == 401
    answer = client.post(f"{API}/session", json={"token": TOKEN})
    assert answer.status_code == 204
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert TOKEN not in kept
    assert client.get(f"{API}/jobs").status_code == 200
    refused = client.post(f"{API}/jobs/kinds/delete", headers={"Origin": "http://evil.example"})
    assert refused.status_code == 403
    assert client.post(f"{API}/jobs/kinds/delete").status_code == 200


def test_a_browser_stays_in_two_servers_of_one_machine(caller):
    hosts = [{"Host": f"localhost:{port}"} for port in (8765, 9000)]
    pages = [{**host, "Origin": f"http://{host['Host']}"} for host in hosts]
    servers = [caller(token=TOKEN), caller(token=TOKEN)]
    told = {"token": TOKEN}
    kept = [
        server.post(f"{API}/session", json=told, headers=page).headers["set-cookie"]
        for server, page in zip(servers, pages, strict=True)
    ]
    browser = dict(one.partition(";")[0].split("=") for one in kept)
    both = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.items())}
    for server, host in zip(servers, hosts, strict=True):
        assert server.get(f"{API}/jobs", headers={**host, **both}).status_code == 200
    other = servers[1].get(f"{API}/jobs", headers={**hosts[0], **both})
    assert other.status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../sortal",
        "..%2Fsortal",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5Csortal",
        "%2Fetc%2Fpasswd",
        ".hidden",
        "kinds%00",
        "kinds%0A",
        "%F0%9F%98%80",
        "%FF",
        "x" * 500,
    ],
)
@pytest.mark.parametrize("rest", ["", "/ranking", "/events", "/projections", "/classifiers"])
def test_names_cannot_leave_the_store(client, store, name, rest):
    (store / "sortal").mkdir()
    answer = client.get(f"{API}/jobs/{name}{rest}")
    assert answer.status_code in {400, 404, 422}
    assert "root:" not in answer.text


@pytest.mark.parametrize("name", ["../settings.py", "..%2Fsettings.py", "%2Fetc%2Fpasswd", "x"])
def test_static_files_are_those_of_the_package_alone(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_deleting_cannot_leave_the_store(client, store):
    (store.parent / "victim.json").write_text("{}", encoding="utf-8")
    for name in ("..%2F..%2Fvictim", "../../victim", "..%5C..%5Cvictim"):
        assert client.post(f"{API}/jobs/{name}/delete").status_code in {400, 404, 405}
    assert (store.parent / "victim.json").exists()


def test_a_body_that_is_too_long_is_not_read(client):
    answer = client.post(f"{API}/runs", content=b"x", headers={"Content-Length": "3000000"})
    assert answer.status_code == 413
    assert client.post(f"{API}/runs", content=iter([b"{}"])).status_code == 411


def test_other_addresses_need_a_token(tmp_path):
    with pytest.raises(UserError, match="--token"):
        ServerSettings(store=tmp_path, host="0.0.0.0")
    assert ServerSettings(store=tmp_path, host="0.0.0.0", token=TOKEN).token == TOKEN
    with pytest.raises(UserError, match="8 or more"):
        ServerSettings(store=tmp_path, token="short")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "lab.example", ""])
def test_only_loopback_is_loopback(host):
    assert not is_loopback(host)


def test_a_token_is_not_in_what_is_printed_of_settings(tmp_path):
    assert TOKEN not in repr(ServerSettings(store=tmp_path, token=TOKEN))
