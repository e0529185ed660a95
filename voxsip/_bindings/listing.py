"""All registrations of an account, also while others create and delete some.

Pages go by offset: a registration deleted ahead of the place that is read next moves all after it up, and one of them
would be missed. So every page begins with the last item of the one before; where that is not there, what was skipped
is read again. The end is an empty page, never a short one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from voxsip._errors import OutcomeUnknownError
from voxsip._protocol.model import Model

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._generated.sip_registrations.models import SipRegistration
    from voxsip._protocol.paging import AsyncPager

T = TypeVar("T")

MAX_PAGES = 10_000
"""Pages after which a list is taken for one that never ends."""
PAGE = 1000
"""Items that a page is asked for; a first page with fewer is most often the only one."""


@attrs.frozen(kw_only=True)
class BoundRegistration(Model):
    """What a registration is bound to. Decoding dates, prices and texts takes most of the time of a list.

    Attributes:
        sip_registration_id: The registration.
        application_id: The id of its application, or None.
        rule_id: The id of its rule, or None.
        user_id: The id of its user, or None.
    """

    sip_registration_id: int
    application_id: int | None = None
    rule_id: int | None = None
    user_id: int | None = None


def every_registration(
    client: BaseAsyncClient, *, remaining: Callable[[], float] | None = None, **filters: Any
) -> AsyncGenerator[SipRegistration, None]:
    """Give every registration that is there from beginning to end, rarely one of them twice.

    Args:
        client: Reads the list.
        remaining: Gives the seconds that are left for it; None for no deadline.
        filters: Filters of the list.

    Raises:
        VoxsipError: a page could not be read.
        OutcomeUnknownError: the list does not end.
    """

    def read(**page: Any) -> AsyncPager[SipRegistration]:
        deadline = None if remaining is None else remaining()
        return client.sip_registrations.list(deadline=deadline, **filters, **page)

    return _every(read)


def every_binding(client: BaseAsyncClient) -> AsyncGenerator[BoundRegistration, None]:
    """Give what every registration is bound to; as `every_registration`.

    Raises:
        VoxsipError: a page could not be read.
        OutcomeUnknownError: the list does not end.
    """
    from voxsip._generated.sip_registrations.commands import (  # noqa: PLC0415 - no group until a job needs it
        GET_SIP_REGISTRATIONS,
    )

    paginate = client._caller.paginate  # noqa: SLF001 - the group's own method has the whole model
    return _every(
        lambda **page: paginate(GET_SIP_REGISTRATIONS, page, BoundRegistration, deadline=None)
    )


async def _every(read: Callable[..., AsyncPager[Any]]) -> AsyncGenerator[Any, None]:
    """Give every registration, whatever members of it are read.

    Raises:
        VoxsipError: a page could not be read.
        OutcomeUnknownError: the list does not end.
    """
    known: Collection[int] = ()
    offset = stride = 0
    gone_back_from = -1
    for _ in range(MAX_PAGES):
        page = await read(count=PAGE, offset=offset)
        ids = {item.sip_registration_id for item in page}
        if stride and offset and offset != gone_back_from and ids.isdisjoint(known):
            gone_back_from = offset
            offset = max(0, offset - stride)
            continue
        new = [item for item in page if item.sip_registration_id not in known]
        for item in new:
            yield item
        if new:
            gone_back_from = -1
        if not new or (offset == 0 and len(page) < PAGE):  # the last page, it seems
            end = offset + len(page)
            if not page or not await read(count=PAGE, offset=end):
                return
        known = ids
        # A single item cannot be the last of one page and the first of another.
        stride = len(page) - 1
        offset += stride or 1
    raise _endless("GetSipRegistrations")


async def every_item(pager: AsyncPager[T], command: str) -> list[T]:
    """Return all items of a list of which nothing is deleted ahead of what is read.

    Args:
        pager: Reads the list.
        command: Its name, for the error.

    Raises:
        VoxsipError: A page could not be read.
        OutcomeUnknownError: The list does not end.
    """
    found: list[T] = []
    pages = 0
    async with aclosing(pager.pages()) as reading:
        async for page in reading:
            pages += 1
            if pages > MAX_PAGES:
                raise _endless(command)
            found += page.items
    return found


def _endless(command: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"{command}: the list does not end after {MAX_PAGES} pages; what is there cannot be told"
    )
