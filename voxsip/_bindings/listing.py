"""Lists all registrations of an account, also while others create and delete some.

Pages are read by offset. If a registration before the next offset is deleted, all later ones move up, and one of them
would be missed. So every page begins with the last item of the page before; if that item is missing, the part before is
read again. The list ends at an empty page, never at a short one.
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
"""The most pages that are read: a longer list is taken to be endless."""
PAGE = 1000
"""Items requested per page; a first page with fewer is usually the only one."""


@attrs.frozen(kw_only=True)
class BoundRegistration(Model):
    """The binding of a registration.

    It has none of the dates, prices and texts, whose decoding takes most of the time of a list.

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
    """Yield every registration that exists all the time; in rare cases one twice.

    Args:
        client: The client that reads the list.
        remaining: The function that returns the seconds left; None for no deadline.
        filters: Filters of the list.

    Raises:
        VoxsipError: A page could not be read.
        OutcomeUnknownError: The list does not end.
    """

    def read(**page: Any) -> AsyncPager[SipRegistration]:
        deadline = None if remaining is None else remaining()
        return client.sip_registrations.list(deadline=deadline, **filters, **page)

    return _every(read)


def every_binding(client: BaseAsyncClient) -> AsyncGenerator[BoundRegistration, None]:
    """Yield the binding of every registration; see `every_registration`.

    Raises:
        VoxsipError: A page could not be read.
        OutcomeUnknownError: The list does not end.
    """
    from voxsip._generated.sip_registrations.commands import (  # noqa: PLC0415 - no group until a job needs it
        GET_SIP_REGISTRATIONS,
    )

    paginate = client._caller.paginate  # noqa: SLF001 - the group's own method decodes the whole model
    return _every(
        lambda **page: paginate(GET_SIP_REGISTRATIONS, page, BoundRegistration, deadline=None)
    )


async def _every(read: Callable[..., AsyncPager[Any]]) -> AsyncGenerator[Any, None]:
    """Yield every registration, as a model of any type.

    Raises:
        VoxsipError: A page could not be read.
        OutcomeUnknownError: The list does not end.
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
    """Return all items of a list from which nothing is deleted while it is read.

    Args:
        pager: The pager of the list.
        command: The name of the list command, for the error.

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
