"""All registrations of an account, also while others create and delete some.

Pages go by offset: a registration deleted ahead of the place that is read next moves all after it up, and one of them
would be missed. So every page begins with the last item of the one before; where that is not there, what was skipped
is read again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._client import AsyncClient
    from voxsip._generated.sip_registrations.models import SipRegistration


async def every_registration(client: AsyncClient) -> AsyncGenerator[SipRegistration, None]:
    """Give every registration that is there from beginning to end, rarely one of them twice.

    Raises:
        VoxsipError: a page could not be read.
    """
    known: Collection[int] = ()
    offset, overlap, stride = 0, False, 1
    while True:
        page: Sequence[SipRegistration] = await client.sip_registrations.list(offset=offset)
        back = offset
        ahead = page
        while overlap and back > 0 and _shares_nothing(ahead, known):
            back = max(0, back - stride)
            ahead = await client.sip_registrations.list(offset=back)
            for item in ahead:
                if item.sip_registration_id not in known:
                    yield item
        new = [item for item in page if item.sip_registration_id not in known]
        for item in new:
            yield item
        if back < offset and not page:  # the list has become shorter than what was read of it
            offset, page = back, ahead
            new = [item for item in page if item.sip_registration_id not in known]
        if not new:
            return
        known = {item.sip_registration_id for item in page}
        stride = len(page)
        overlap = stride > 1  # one item cannot be the last of one page and the first of another
        offset += stride - overlap


def _shares_nothing(page: Sequence[SipRegistration], known: Collection[int]) -> bool:
    return not any(item.sip_registration_id in known for item in page)
