import ssl

import aiohttp
import pytest
from cryptography import x509

from tests.support.emulator_wire import Wire
from voxsip.emulator import Emulator


def trusting(ca):
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_verified_strictly_by_either_name(tmp_path, host):
    async with Emulator(host, tls=True, directory=tmp_path) as emulator:
        assert emulator.ca == tmp_path / "ca.pem"
        assert emulator.base_url.startswith(f"https://{host}:")
        connector = aiohttp.TCPConnector(ssl=trusting(emulator.ca))
        async with aiohttp.ClientSession(connector=connector) as session:
            wire = Wire(session, emulator)
            assert await wire.create() == 1
            async with session.get(emulator.state_url) as reply:
                assert (await reply.json())["counters"]["CreateSipRegistration"]["executed"] == 1


async def test_nobody_trusts_it_by_accident():
    async with Emulator(tls=True) as emulator, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await Wire(session, emulator).create()


async def test_every_emulator_has_an_authority_of_its_own():
    async with Emulator(tls=True) as one, Emulator(tls=True) as other:
        connector = aiohttp.TCPConnector(ssl=trusting(one.ca))
        async with aiohttp.ClientSession(connector=connector) as session:
            assert await Wire(session, one).create() == 1
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await Wire(session, other).create()


async def test_the_key_of_the_authority_is_nowhere(tmp_path):
    async with Emulator(tls=True, directory=tmp_path) as emulator:
        assert {path.name for path in tmp_path.iterdir()} == {"ca.pem", "credentials.json"}
        assert b"PRIVATE" not in emulator.ca.read_bytes()
        authority = x509.load_pem_x509_certificate(emulator.ca.read_bytes())
        assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_sync(tmp_path):
    import asyncio

    async def use(emulator):
        connector = aiohttp.TCPConnector(ssl=trusting(emulator.ca))
        async with aiohttp.ClientSession(connector=connector) as session:
            return await Wire(session, emulator).create()

    with Emulator(tls=True) as emulator:
        assert asyncio.run(use(emulator)) == 1
