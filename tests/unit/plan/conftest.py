import pytest

PROXY = "sip.example.com"


@pytest.fixture
async def account(start):
    """An emulator of 40 registrations, 12 users in 3 applications, and a client; user n is at registration n."""
    emulator, client = await start(applications=3, users=12, registrations=40, balance=100)
    for number in range(1, 13):
        await client.sip_registrations.bind(
            sip_registration_id=number, application_id=(number - 1) % 3 + 1, user_id=number
        )
    return emulator, client


def by_id(emulator):
    """The live registrations, by id."""
    return {row["sip_registration_id"]: row for row in emulator.state.registrations}
