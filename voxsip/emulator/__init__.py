"""A local Management API over real HTTP(S), for tests and experiments.

```python
async with Emulator(registrations=100) as emulator:
    client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)
```

It verifies tokens and roles, keeps state, and answers as the service's documents say. It shares the API
description with the client, but no code, so that the two check each other. Commands without state (`state.sampled`
names them) are answered from the description: with every member that a reply may have, and with empty lists.

**If the documents are silent**, the emulator has to choose. Its choices prove nothing about the real service:

- Ids count up from 1, over all accounts of one emulator. The main account is 1, and child accounts follow.
  (`add_child` can give a child account its own ids.) Each account has its own money and its own rate limit.
- A page has 20 rows by default, at most `page_cap` (1000), in id order.
- A registration is in progress for a second after it was created or its login changed. Then it is successful, with
  status code 200. Until then it has no status code.
- `set_status`, or a POST to `/_emulator/registrations` from this machine, makes a registration fail and work
  again. A changed login does not.
- Callbacks report failures and recoveries at once, with one request for each callback. If a callback is not
  answered with 2xx, it is sent again after 0.1, 0.5, 2, 5 and 10 seconds. Callbacks go to loopback addresses only.
  The API key of an account is `emulator-api-key-ID`. A callback URL that is neither HTTP nor HTTPS is error 398.
- An empty `sip_username` is error 273. A `proxy` that is empty or contains a space is error 274. Two registrations
  may have the same user name and proxy.
- Both arguments of a mutually exclusive pair: error 458. A rule of another application: error 147. A user of
  another application, by id or by name: error 393. A user name that no user has: error 117.
- `bind=true` with a different application clears the old rule and user. With the same application, it keeps them.
  With nothing to bind to, it changes nothing. If it names a rule, it also sets the rule's application.
- A registration that loses its user to another registration keeps its application and rule.
- `bind=false` clears what it names if the registration has it: the user, the rule, or, if it names only the
  application or nothing, all three. If it names only a user, it clears that user wherever it is bound.
- The price of a registration is charged when it is created, and is not paid back. The same is true for a phone
  number (price 1). A started session, one more session in a conference, and each task of a call list cost 0.01
  each. A message costs 0.01 for each fragment. A month of a plan costs 0, 5 or 50 each time the plan is chosen.
  Each charge appears in the transaction history. Without enough money, a command is refused with error 127.
- No call is made and no message arrives. A session has no calls, a task stays new until it is cancelled, and a
  message counts as sent. A rule can be started without a scenario. `calls=N` puts N past calls into the history.
- Phone numbers are on sale without limit, in any country, category and region. A number that one account has is
  not sold again until that account gives it up. Messages may come from any number, except from a number of the
  account that is switched off.
- The first line of a call list names its columns. If a `__task_uuid` is already in the list, the file is refused
  with error 250.
- A report is complete a second after it was ordered, and holds what existed at that time, as CSV. Other formats
  are error 105. A client that accepts gzip gets the report compressed.
- The type of a plan may be any word. The password that was set last is refused with error 535. Currency rates are
  invented.
- A key of the key-value storage lives 30 days by default. Reading a key that does not exist is error 496; deleting
  it is no error.
- The audit log holds the latest 10,000 commands that changed something, without their arguments.
- Deleting an application deletes its rules and users. Deleting any of the three unbinds it from registrations.
  Deleting several things deletes all or none.
- Names must not be empty and must not contain `;`. Names of applications and users must not contain blanks either.
- Filters of `GetSipRegistrations` match exactly. Ids and names that do not exist match nothing.
- The order of checks is: command, token, rate limit, role, parameters, existence, limits, money.
- The word `all` deletes, binds or lists every item, if the API documents it. If there is no item, that is no
  error.
- A key may act for its account and for the child accounts of that account. All keys of one process share one RSA
  pair and differ by `kid`.
- Unknown parameters are ignored, and so is a body that is not a form.
"""

from voxsip.emulator._emulator import Emulator
from voxsip.emulator._faults.fault import Fault
from voxsip.emulator._faults.faults import Faults
from voxsip.emulator._http.callbacks import Callbacks
from voxsip.emulator._process import serve
from voxsip.emulator._service.callbacks import Delivery
from voxsip.emulator._state.state import State

__all__ = ["Callbacks", "Delivery", "Emulator", "Fault", "Faults", "State", "serve"]
