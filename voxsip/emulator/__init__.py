"""A local Management API over real HTTP(S), for tests and for trying things out.

```python
async with Emulator(registrations=100) as emulator:
    client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)
```

It verifies tokens and roles, keeps state, and answers as the service's documents say. It shares the
API description with the client and no code, so that the two check each other. Commands that it keeps no state for
(`state.sampled` names them) are answered from the description: with every member that a reply may have, and with
empty lists.

**Where the documents are silent** the emulator has to choose. Its choices, which prove nothing
about the real service:

- Ids count up from 1, over all accounts of one emulator; the main account is 1, children follow. (`add_child` can
  give a child ids of its own.) Each account has its own money and its own rate limit.
- A page has 20 rows unless asked, at most `page_cap` (1000), in id order.
- A registration is in progress for a second after it was made or its login changed, then successful
  with status code 200. Until then it has no status code. `set_status`, or a POST to `/_emulator/registrations` from this
  machine, lets it fail, and work again; a changed login does not.
- Callbacks tell of failures and recoveries, at once, one request each; one that is not answered with 2xx is sent again after
  0.1, 0.5, 2, 5 and 10 seconds. They go to loopback addresses only. An account's API key is `emulator-api-key-ID`. A callback
  URL that is none of HTTP or HTTPS is error 398.
- An empty `sip_username` is error 273, an empty or space-holding `proxy` 274. Two registrations
  may have the same of both.
- Both of an exclusive pair: 458. A rule of another application: 147. A user of another
  application: 393, by id or by name; a user name that nobody has: 117.
- `bind=true` with another application than before clears the old rule and user; with the same one
  it keeps them; with nothing to bind to it changes nothing. A rule brings its application along.
- Losing a user to another registration clears the user and leaves application and rule.
- `bind=false` clears what it names where it holds: the user, the rule, or, where only the
  application or nothing is named, all three; with a user alone, that user wherever it is bound.
- A registration's price is charged when it is made and not paid back; so is a phone number's (1). A session that is
  started, one more in a conference, and each task of a call list cost 0.01, a message 0.01 for each fragment, a month of a
  plan 0, 5 or 50 each time it is chosen. What is paid is in the transaction history. There must be money enough: 127.
- Nobody is called and no message arrives: a session has no calls, a task stays new until it is cancelled, a message counts
  as sent. A rule needs no scenario to be started. `calls=N` puts so many past calls in the history.
- Phone numbers are on sale without end, in any country, category and region; a number that one account has is not
  sold again until it is given up. Messages may come from any number, except one of the account's own that is switched off.
- A call list's columns are named by its first line; a `__task_uuid` that is in the list already refuses the file: 250.
- A report is complete a second after it was ordered, holds what there was then, and is CSV; other formats: 105. Reports go
  packed (gzip) to those who take them so.
- A plan's type may be any word. The password that was set last is refused: 535. Currency rates are made up.
- A key of the key-value storage lives 30 days unless told; one that is not there is error 496 to read and none to delete.
- The audit log holds the latest 10,000 commands that changed something, without their arguments.
- Deleting an application deletes its rules and users; deleting any of the three unbinds.
  Deleting several things deletes all or none.
- Names must not be empty nor hold `;`, those of applications and users no blanks either.
- Filters of GetSipRegistrations match exactly; ids and names that do not exist match nothing.
- The order of checks: command, token, rate limit, role, parameters, existence, limits, money.
- The word `all` deletes, binds or lists every one, if the API documents it, and none is no error.
- A key may act for its account and for that account's children. All keys of one process share one
  RSA pair and differ by `kid`.
- Unknown parameters are ignored, and so is a body that is no form.
"""

from voxsip.emulator._emulator import Emulator
from voxsip.emulator._faults.fault import Fault
from voxsip.emulator._faults.faults import Faults
from voxsip.emulator._http.callbacks import Callbacks
from voxsip.emulator._process import serve
from voxsip.emulator._service.callbacks import Delivery
from voxsip.emulator._state.state import State

__all__ = ["Callbacks", "Delivery", "Emulator", "Fault", "Faults", "State", "serve"]
