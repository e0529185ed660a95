"""The applications, rules, scenarios and users of an account, and tables of all else.

Every dict is in id order: ids only grow, and no deleted thing returns. Names are unique among applications, among
scenarios, and among the rules and among the users of one application.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from voxsip.emulator._state.model import Application, Rule, Scenario, User
from voxsip.emulator._state.table import Table

if TYPE_CHECKING:
    from voxsip.emulator._service.clock import Clock


class Ids:
    """Counts ids from 1 for each kind, for all accounts of a server."""

    def __init__(self) -> None:
        self.application: count[int] = count(1)
        self.rule: count[int] = count(1)
        self.user: count[int] = count(1)
        self.registration: count[int] = count(1)
        self.scenario: count[int] = count(1)
        self.audit: count[int] = count(1)
        self._others: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(1))

    def of(self, key: str) -> Iterator[int]:
        """Return the source of ids for a table."""
        return self._others[key]


class Directory:
    """Keeps applications, rules, scenarios, users, their names and other things.

    Args:
        ids: source of new ids.
        clock: source of timestamps.
    """

    def __init__(self, *, ids: Ids, clock: Clock) -> None:
        self.ids = ids
        self.clock = clock
        self.applications: dict[int, Application] = {}
        self.rules: dict[int, Rule] = {}
        self.scenarios: dict[int, Scenario] = {}
        self.users: dict[int, User] = {}
        self._tables: dict[str, Table] = {}
        self._scenario_names: dict[str, Scenario] = {}
        self._application_names: dict[str, Application] = {}
        self._rule_names: dict[tuple[int, str], Rule] = {}
        self._user_names: dict[tuple[int | None, str], User] = {}

    def timestamp(self) -> str:
        """Return the server's time as the wire has it."""
        return self.clock.utc().strftime("%Y-%m-%d %H:%M:%S")

    def table(self, key: str) -> Table:
        """Return the table of the things whose id is the member `key`."""
        found = self._tables.get(key)
        if found is None:
            found = self._tables[key] = Table(key, self.ids.of(key))
        return found

    # Applications

    def application_named(self, name: str) -> Application | None:
        """Find an application by its exact name."""
        return self._application_names.get(name)

    def add_application(self, name: str, *, secure_record_storage: bool = False) -> Application:
        """Add an application; the name must be free."""
        application = Application(
            id=next(self.ids.application),
            name=name,
            modified=self.timestamp(),
            secure_record_storage=secure_record_storage,
        )
        self.applications[application.id] = application
        self._application_names[name] = application
        return application

    def rename_application(self, application: Application, name: str) -> None:
        """Give an application another name; it must be free."""
        del self._application_names[application.name]
        application.name = name
        self._application_names[name] = application

    # Rules

    def rules_of(self, application_id: int) -> list[Rule]:
        """Return the rules of an application, in id order."""
        return [rule for rule in self.rules.values() if rule.application_id == application_id]

    def rule_named(self, application_id: int, name: str) -> Rule | None:
        """Find a rule by its exact name within an application."""
        return self._rule_names.get((application_id, name))

    def add_rule(
        self,
        application_id: int,
        name: str,
        pattern: str,
        *,
        pattern_exclude: str | None = None,
        video_conference: bool = False,
    ) -> Rule:
        """Add a rule behind the application's others; the name must be free there."""
        rule = Rule(
            id=next(self.ids.rule),
            application_id=application_id,
            name=name,
            pattern=pattern,
            pattern_exclude=pattern_exclude,
            video_conference=video_conference,
            modified=self.timestamp(),
            position=max((rule.position for rule in self.rules_of(application_id)), default=0) + 1,
        )
        self.rules[rule.id] = rule
        self._rule_names[application_id, name] = rule
        return rule

    def rename_rule(self, rule: Rule, name: str) -> None:
        """Give a rule another name; it must be free in its application."""
        del self._rule_names[rule.application_id, rule.name]
        rule.name = name
        self._rule_names[rule.application_id, name] = rule

    # Scenarios

    def scenario_named(self, name: str) -> Scenario | None:
        """Find a scenario by its exact name."""
        return self._scenario_names.get(name)

    def add_scenario(self, name: str, script: str) -> Scenario:
        """Add a scenario; the name must be free."""
        scenario = Scenario(
            id=next(self.ids.scenario), name=name, script=script, modified=self.timestamp()
        )
        self.scenarios[scenario.id] = scenario
        self._scenario_names[name] = scenario
        return scenario

    def rename_scenario(self, scenario: Scenario, name: str) -> None:
        """Give a scenario another name; it must be free."""
        del self._scenario_names[scenario.name]
        scenario.name = name
        self._scenario_names[name] = scenario

    def remove_scenario(self, scenario: Scenario) -> None:
        """Remove a scenario, from every rule that has it too."""
        for rule in self.rules.values():
            if scenario.id in rule.scenario_ids:
                rule.scenario_ids.remove(scenario.id)
        del self._scenario_names[scenario.name]
        del self.scenarios[scenario.id]

    # Users

    def user_named(self, application_id: int | None, name: str) -> User | None:
        """Find a user by its exact name within an application."""
        return self._user_names.get((application_id, name))

    def user_name_exists(self, name: str) -> bool:
        """Returns whether any application has a user of this name."""
        return any(user.name == name for user in self.users.values())

    def add_user(
        self,
        application_id: int | None,
        name: str,
        display_name: str,
        *,
        active: bool = True,
        parent_accounting: bool = False,
        custom_data: str | None = None,
    ) -> User:
        """Add a user; the name must be free in its application."""
        now = self.timestamp()
        user = User(
            id=next(self.ids.user),
            application_id=application_id,
            name=name,
            display_name=display_name,
            active=active,
            parent_accounting=parent_accounting,
            custom_data=custom_data,
            created=now,
            modified=now,
        )
        self.users[user.id] = user
        self._user_names[application_id, name] = user
        return user

    def rename_user(self, user: User, name: str) -> None:
        """Give a user another name; it must be free in its application."""
        del self._user_names[user.application_id, user.name]
        user.name = name
        self._user_names[user.application_id, name] = user

    def _drop_application(self, application: Application) -> None:
        del self._application_names[application.name]
        del self.applications[application.id]

    def _drop_rule(self, rule: Rule) -> None:
        del self._rule_names[rule.application_id, rule.name]
        del self.rules[rule.id]

    def _drop_user(self, user: User) -> None:
        del self._user_names[user.application_id, user.name]
        del self.users[user.id]
