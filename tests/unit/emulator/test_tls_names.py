"""Certificates for other names than this machine's, as containers need them."""

import ssl

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from voxsip.emulator import Emulator


class HereResolver(AbstractResolver):
    """Every name is this machine, as a compose network's own resolver leads to the container."""

    async def resolve(self, host, port=0, family=0):
        here = {"hostname": host, "host": "127.0.0.1", "port": port, "family": family}
        return [here | {"proto": 0, "flags": 0}]

    async def close(self):
        pass


@pytest.mark.parametrize(("name", "trusted"), [("emulator", True), ("stranger", False)])
async def test_the_certificate_is_for_the_names_that_were_given(name, trusted):
    async with Emulator(tls=True, tls_names=["emulator", "192.0.2.7"]) as emulator:
        context = ssl.create_default_context(cafile=emulator.ca)
        url = emulator.state_url.replace("127.0.0.1", name)
        connector = aiohttp.TCPConnector(ssl=context, resolver=HereResolver())
        async with aiohttp.ClientSession(connector=connector) as session:
            if trusted:
                async with session.get(url) as reply:
                    assert reply.status == 200
            else:
                with pytest.raises(aiohttp.ClientConnectorCertificateError):
                    await session.get(url)


@pytest.mark.parametrize(
    ("names", "error"), [("emulator", TypeError), ([""], ValueError), (["bücher"], ValueError)]
)
def test_names_that_cannot_be(names, error):
    with pytest.raises(error, match="tls_names"):
        Emulator(tls=True, tls_names=names)
