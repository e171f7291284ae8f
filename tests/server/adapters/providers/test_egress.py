"""Which addresses are called: never those of metadata services, private ones only where the operator wrote them."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.adapters.providers.conftest import attempt, events_of, fault_of, target, text_of
from tests.upstream.answers import hello
from trunkline.server.adapters.providers import egress
from trunkline.server.adapters.providers.connections import Connections
from trunkline.server.adapters.providers.targets import Targets
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.adapters.providers.watch import Watch

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "240.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::a9fe:a9fe",
    "2001:db8::1",
    "192.0.2.1",
    "198.18.0.1",
    "fec0::1",
    "2001::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "fd12:3456::1",
    "100.64.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("secure", [True, False])
def test_some_addresses_are_never_called(address, secure):
    for configured in (True, False):
        assert egress.refusal(ip_address(address), configured=configured, secure=secure)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("secure", [True, False])
def test_private_addresses_are_called_only_where_the_operator_wrote_them(address, secure):
    assert egress.refusal(ip_address(address), configured=True, secure=secure) is None
    assert egress.refusal(ip_address(address), configured=False, secure=secure)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called_over_https_only(address):
    for configured in (True, False):
        assert egress.refusal(ip_address(address), configured=configured, secure=True) is None
        assert egress.refusal(ip_address(address), configured=configured, secure=False)


@given(st.ip_addresses())
def test_what_is_called_without_being_configured_is_public(address):
    if egress.refusal(address, configured=False, secure=True) is None:
        kinds = (address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified)
        assert not any(kinds)
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/v1",
        "http://",
        "http:///v1",
        "//x/v1",
        "x/v1",
        "http://u:p@x/v1",
        "http://u@x/v1",
        "http://x/v1?a=b",
        "http://x/v1#a",
        "http://x\\@y/v1",
        "http://x y/v1",
        "http://2130706433/v1",
        "http://0x7f.1/v1",
        "http://127.1/v1",
        "http://0177.0.0.1/v1",
        "http://1.2.3.4.5/v1",
        "http://x:99999/v1",
        "http://x:port/v1",
        "http://bücher.example/v1",
        "http://[::1/v1",
        "http://x./v1",
        "http://.x/v1",
        "http://a..b/v1",
        "http://-x/v1",
        "http://x%2ey/v1",
        "http://[fe80::1%25eth0]/v1",
        "http://\n127.0.0.1/",
        "http://x/{y}",
    ],
)
def test_a_base_url_that_could_be_read_in_two_ways_is_refused(url):
    with pytest.raises(egress.EgressRefused) as refused:
        egress.base(url)
    assert "p@" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://api.example.com/v1/", "https://api.example.com:443/v1"),
        ("http://127.0.0.1:9200/v1", "http://127.0.0.1:9200/v1"),
        ("http://[::1]:9200", "http://[::1]:9200"),
        ("HTTPS://API.Example.com", "https://api.example.com:443"),
        ("http://gpu_box-1.lan:80/a/b", "http://gpu_box-1.lan:80/a/b"),
    ],
)
def test_a_base_url_is_put_together_from_what_was_checked(url, made):
    assert egress.base(url).url == made


def resolving(*answers: list[str]):
    """Return a resolver that gives these answers in turn, the last one for good, and the list of its calls."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def test_one_bad_address_among_several_refuses_them_all():
    resolve, _ = resolving(["1.1.1.1", "169.254.169.254"])
    with pytest.raises(egress.EgressRefused, match="link-local or metadata"):
        asyncio.run(egress.addresses(egress.base("https://x.example"), configured=True, resolve=resolve))


def test_a_name_is_resolved_once_and_the_connection_goes_to_the_address_that_was_checked(provider):
    provider.always(*hello())
    resolve, asked = resolving(["127.0.0.1"], ["169.254.169.254"])
    to = target(f"http://models.example:{provider.port}/v1")

    async def run() -> list[str]:
        upstreams = Upstreams(Targets([to]), b"s", resolve=resolve)
        try:
            return [text_of(await events_of(upstreams, attempt())) for _ in range(3)]
        finally:
            await upstreams.close()

    assert asyncio.run(run()) == ["Hello"] * 3
    assert asked == [("models.example", provider.port)]
    assert provider.calls[0].header("host") == f"models.example:{provider.port}"


@pytest.mark.parametrize("configured", [True, False])
def test_a_name_that_leads_to_a_forbidden_address_is_not_called(provider, configured):
    resolve, _ = resolving(["169.254.169.254"] if configured else ["127.0.0.1"])
    to = target(f"http://models.example:{provider.port}/v1", configured=configured)

    async def run():
        upstreams = Upstreams(Targets([to]), b"s", resolve=resolve)
        return await events_of(upstreams, attempt())

    fault = fault_of(asyncio.run(run()))
    assert fault.message == "The provider's address is not allowed"
    assert not provider.calls


def test_a_name_without_an_address_is_a_fault():
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    async def run():
        return await events_of(Upstreams(Targets([target("https://x.example")]), b"s", resolve=nobody), attempt())

    assert fault_of(asyncio.run(run())).message == "The provider could not be reached"


def test_a_pin_is_renewed_in_time_and_kept_while_the_name_still_says_so():
    resolve, asked = resolving(["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.3"], ["169.254.1.1"])
    now = [0.0]

    async def run() -> None:
        connections = Connections(
            egress.base("http://x.lan:1"),
            Watch(),
            configured=True,
            connect_seconds=1,
            resolve=resolve,
            clock=lambda: now[0],
        )
        assert await connections.pin() == "127.0.0.1"
        now[0] = 299.0
        assert await connections.pin() == "127.0.0.1"
        assert len(asked) == 1
        now[0] = 301.0
        assert await connections.pin() == "127.0.0.1", "it is still one of the name's addresses"
        now[0] = 602.0
        assert (await connections.pin(), len(asked)) == ("127.0.0.3", 3)
        now[0] = 903.0
        with pytest.raises(egress.EgressRefused):
            await connections.pin()

    asyncio.run(run())


def test_an_address_that_cannot_be_reached_gives_way_to_the_next(provider):
    provider.always(*hello())
    # Nobody listens at 127.0.0.9 on the provider's port.
    resolve, asked = resolving(["127.0.0.9", "127.0.0.1"])
    to = target(f"http://models.example:{provider.port}/v1")

    async def run():
        upstreams = Upstreams(Targets([to]), b"s", resolve=resolve)
        try:
            return [await events_of(upstreams, attempt()) for _ in range(2)]
        finally:
            await upstreams.close()

    first, second = asyncio.run(run())
    assert fault_of(first).message == "The provider could not be reached"
    assert text_of(second) == "Hello"
    assert len(asked) == 2
