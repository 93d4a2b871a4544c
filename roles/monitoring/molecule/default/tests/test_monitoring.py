"""What a host tells of itself, and whom a monitoring server wakes; see prepare.yml."""

import json
import re
import time

import pytest

ASK = "python3 /usr/local/lib/hall/ask.py"
TLS = "/etc/prometheus/tls"
MADE_UP = {f"127.{net}.0.{last}:9100" for net in (80, 84) for last in range(255)}
FOLDER = "/var/lib/prometheus/node-exporter"


@pytest.fixture
def name(host):
    return host.check_output("hostname")


@pytest.fixture
def server(host, name):
    if name != "host-1":
        pytest.skip("host-2 watches nobody")
    return host


@pytest.fixture
def watched(host, name):
    if name != "host-2":
        pytest.skip("host-1 has no hardware that a test could break")
    return host


def answer(host, name):
    url = "https://127.0.0.1:9100/metrics" if name == "host-2" else "http://127.0.0.1:9100/metrics"
    return host.check_output(f"{ASK} {url} {TLS if name == 'host-2' else ''}")


def until(look, within_s):
    """Return the first answer that is something, or the last; asked twice a second."""
    end = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.5)
    return found


def test_the_hardware_is_told_as_it_is_now(watched, name):
    told = answer(watched, name)
    assert 'karst_psu_input{path="A",pdu="h1-r1-01-pdu-a",power_port="PSU1"} 1' in told
    assert told.count("karst_fan_turning{") == 8
    assert told.count("karst_link_up{") == 2
    watched.check_output("echo 0 > /srv/machine/class/hwmon/hwmon2/in1_input")
    lost = 'karst_psu_input{path="B",pdu="h1-r1-01-pdu-b",power_port="PSU2"} 0'
    assert until(lambda: lost in answer(watched, name), 10)


def test_what_is_not_there_to_read_is_unobserved(server, name):
    told = answer(server, name)
    assert set(re.findall(r'karst_unobserved{part="(\w+)"', told)) >= {"links"}
    assert "karst_link_up" not in told


def test_readings_have_their_age_and_renew_themselves(host, name):
    written = float(re.search(r"^karst_read_time_s (\S+)$", answer(host, name), re.MULTILINE)[1])
    assert float(host.check_output("date +%s")) - written < 20
    assert f'node_textfile_mtime_seconds{{file="{FOLDER}/hardware.prom"}}' in answer(host, name)
    assert host.service("karst-hardware.timer").is_enabled


def test_the_exporter_tells_nobody_else(host, name):
    listening = host.check_output("ss --no-header --tcp --listening --numeric 'sport = :9100'")
    here = {line.split()[3] for line in listening.splitlines()} - MADE_UP
    assert here == ({"127.0.0.1:9100"} if name == "host-1" else {"*:9100"})
    if name == "host-2":
        refused = host.run(f"{ASK} https://127.0.0.1:9100/metrics")
        assert refused.rc != 0
        assert re.search("ALERT.*CERTIFICATE", refused.stderr)
        assert host.run(f"{ASK} http://127.0.0.1:9100/metrics").rc != 0


def test_nothing_ever_answered_just_anybody(host):
    """Not even between the installation of the exporter and its configuration, nor Prometheus'."""
    said = host.check_output("journalctl --output=cat --grep 'Listening on|TLS is'")
    listened = re.findall(r'msg="?Listening on"? address=(\S+)', said)
    assert listened
    everywhere = [address for address in listened if not address.startswith("127.0.0.1:")]
    assert not everywhere or "TLS is disabled" not in said


def test_prometheus_takes_the_rules_and_they_say_what_they_should(server):
    assert "SUCCESS" in server.check_output("cd /srv/rules && promtool test rules tests.yml 2>&1")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alert=page alertname=FeedLost path=A", "page"),
        ("alert=page alertname=LinkLost held=no", "page"),
        ("alert=page alertname=LinkLost held=yes", "nobody"),
        ("alert=ticket alertname=FanLost held=no", "ticket"),
    ],
)
def test_an_alert_goes_where_its_class_belongs(server, labels, receiver):
    routes = "amtool config routes test --config.file=/etc/prometheus/alertmanager.yml"
    assert server.check_output(f"{routes} {labels}") == receiver


def test_a_lost_feed_is_one_page(server):
    assert until(lambda: len(series(server, "karst_psu_lost == 0")) == 24, 20), "24 power supplies have their input"
    assert until(lambda: len(series(server, "karst_switch_links > 0")) == 6, 20), "six switches tell of their links"
    server.check_output("touch /srv/hall/A.lost")
    assert until(lambda: len(silenced(server, "PsuInputLost")) == 12, 30), "12 alerts of power supplies wake nobody"
    assert [each["labels"]["switch"] for each in silenced(server, "SwitchUnobserved")] == ["h1-r1-leaf-a"]
    # As long as a group waits before it is told of, and as much again: whoever was to be told would have been.
    time.sleep(4)
    told = [json.loads(line) for line in server.check_output("cat /srv/notified.jsonl").splitlines()]
    assert [(each["to"], each["status"]) for each in told] == [("page", "firing")]
    (alert,) = told[0]["alerts"]
    assert alert["annotations"]["summary"] == "feed h1-a of path A is lost: 12 power supplies have no input"


def series(server, query):
    url = "http://127.0.0.1:9090/api/v1/query?query=" + query.replace(" ", "%20")
    return json.loads(server.check_output(f"{ASK} '{url}'"))["data"]["result"]


def silenced(server, alert):
    url = f"http://127.0.0.1:9093/api/v2/alerts?active=false&silenced=false&inhibited=true&filter=alertname={alert}"
    return json.loads(server.check_output(f"{ASK} '{url}'"))


def test_a_server_answers_its_own_host_alone(server):
    listening = server.check_output("ss --no-header --tcp --listening --numeric 'sport >= :9090 and sport <= :9094'")
    assert {line.split()[3] for line in listening.splitlines()} == {"127.0.0.1:9090", "127.0.0.1:9093"}


@pytest.mark.skip(reason="a container has no power supplies, fans and network cards: their drivers show on a host")
def test_the_kernel_knows_the_hardware(host):
    raise AssertionError(host)
