"""Rule packs as loaded: what the other rooms read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from discharge.dated import Citation, Dated
from discharge.packs.conclusions import DenialCause, Payload
from discharge.packs.course import Course
from discharge.packs.names import STAGES, Vocabulary
from discharge.packs.scoretable import Score
from discharge.packs.tree import CriterionLeaf, RoleName, ScoreLeaf, Tree, facts_of, leaves
from discharge.packs.when import When


@dataclass(frozen=True)
class Criterion:
    """A named tree; ``id`` is full (``pack.file.name``)."""

    id: str
    name: str
    file_id: str
    tree: Tree


@dataclass(frozen=True)
class Applies:
    """To whom a file applies; None: no such limit."""

    payer_class: tuple[str, ...] | None = None
    condition: str | None = None  # a value set


@dataclass(frozen=True)
class Conclusion:
    """What a rule says when it fires; ``name`` is ``<kind>.<subject>``."""

    kind: str
    payload: Payload

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.payload.subject}"


@dataclass(frozen=True)
class Rule:
    """One rule; ``index`` is its place in the file (from 0), ``id`` is ``pack.file#index``."""

    id: str
    file_id: str
    index: int
    when: When
    then: tuple[Conclusion, ...]
    cites: tuple[str, ...] = ()

    @property
    def subjects(self) -> frozenset[tuple[str, str]]:
        """What the rule looks at: (criterion or conclusion, name)."""
        return frozenset(test.subject for option in self.when for test in option)


@dataclass(frozen=True)
class Case:
    """One case beside the rules; ``as_of`` is ISO text (a day is its first minute, UTC)."""

    name: str
    as_of: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    missing: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class RulePart:
    """Rules of one file that have something to do with one another: they look at common statuses.

    ``subjects`` is what they look at, in a fixed order: (criterion or conclusion, name). Apart, each part sees few
    distinct rows of statuses; together they would see the product.
    """

    id: str
    digest: str
    rules: tuple[Rule, ...]
    subjects: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RuleFile:
    """One rule file. ``path`` is as shown to people; ``digest`` is of its text.

    What a sensitive file advises, asks or sets as a task is for the team's screen and stands on no paper.
    """

    id: str
    pack: str
    version: str
    title: str
    stage: str
    path: str
    digest: str
    applies: Applies = Applies()
    generic: bool = False
    is_sensitive: bool = False
    summary: str | None = None
    citations: Mapping[str, Citation] = field(default_factory=dict)
    parameters: Mapping[str, Dated] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    roles: Mapping[RoleName, str] = field(default_factory=dict)  # role -> full criterion
    rules: tuple[Rule, ...] = ()
    explain: Mapping[str, str] = field(default_factory=dict)
    denial_cause: DenialCause | None = None
    course: Course | None = None
    cases: tuple[Case, ...] = ()

    @cached_property
    def subjects(self) -> tuple[tuple[str, str], ...]:
        """What the rules look at, in a fixed order: (criterion or conclusion, name)."""
        return tuple(sorted({subject for rule in self.rules for subject in rule.subjects}))

    @cached_property
    def parts(self) -> tuple[RulePart, ...]:
        """The rules in groups that share no subject, in the order of their first rules."""
        groups: list[tuple[list[Rule], set[tuple[str, str]]]] = []
        for rule in self.rules:
            rules, subjects = [rule], set(rule.subjects)
            apart = []
            for group in groups:
                if group[1] & subjects:
                    rules, subjects = group[0] + rules, subjects | group[1]
                else:
                    apart.append(group)
            groups = [*apart, (rules, subjects)]
        whole = [
            (sorted(rules, key=lambda rule: rule.index), tuple(sorted(subjects)))
            for rules, subjects in groups
        ]
        return tuple(
            RulePart(f"{self.id}#{rules[0].index}", self.digest, tuple(rules), subjects)
            for rules, subjects in sorted(whole, key=lambda group: group[0][0].index)
        )

    @property
    def is_condition(self) -> bool:
        """Whether the file has criteria of its own for stays with a condition, in some role."""
        return self.applies.condition is not None and bool(self.roles)


@dataclass(frozen=True)
class Pack:
    """A folder of rule files that is versioned as one.

    Of a confidential pack only ``safety_flag`` conclusions come, and nothing of it but these reaches a review.
    """

    id: str
    version: str
    title: str
    licence: str
    maintained_by: str
    digest: str
    note: str | None = None
    is_confidential: bool = False


@dataclass(frozen=True)
class Packs:
    """All packs of a folder. ``files`` is ordered by stage, then id."""

    packs: Mapping[str, Pack]
    files: Mapping[str, RuleFile]
    digest: str
    names: Vocabulary = field(compare=False, repr=False)

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """Every criterion by full name."""
        return {one.id: one for file in self.files.values() for one in file.criteria.values()}

    @cached_property
    def scores(self) -> Mapping[str, Score]:
        """Every score by full name."""
        return {one.id: one for file in self.files.values() for one in file.scores.values()}

    def facts_of_score(self, full_id: str) -> tuple[str, ...]:
        """Return every fact that a score looks at, through the criteria and scores it refers to."""
        known = self._score_facts.get(full_id)
        if known is None:
            found: dict[str, None] = {}
            self._gather_score(full_id, found, set())
            known = self._score_facts[full_id] = tuple(found)
        return known

    @cached_property
    def _score_facts(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _gather_score(self, full_id: str, found: dict[str, None], seen: set[str]) -> None:
        if full_id in seen or full_id not in self.scores:
            return
        seen.add(full_id)
        score = self.scores[full_id]
        for part in score.parts:
            found.update(dict.fromkeys(part.facts))
            for tree in part.trees:
                self._gather_tree(tree, found, seen)
        if score.valid_when is not None:
            self._gather_tree(score.valid_when, found, seen)
        for other in score.scores:
            self._gather_score(other, found, seen)

    def _gather_tree(self, tree: Tree, found: dict[str, None], seen: set[str]) -> None:
        for leaf in leaves(tree):
            found.update(dict.fromkeys(facts_of(leaf)))
            if isinstance(leaf, ScoreLeaf):
                self._gather_score(leaf.score, found, seen)
            elif isinstance(leaf, CriterionLeaf) and leaf.criterion not in seen:
                seen.add(leaf.criterion)
                self._gather_tree(self.criteria[leaf.criterion].tree, found, seen)

    @cached_property
    def parameters(self) -> Mapping[str, Dated]:
        """Every parameter by full name."""
        return {
            f"{file.id}.{name}": dated
            for file in self.files.values()
            for name, dated in file.parameters.items()
        }

    @cached_property
    def numbers_asked(self) -> tuple[str, ...]:
        """The number and flag facts that criteria and scores look at."""
        trees = [criterion.tree for criterion in self.criteria.values()]
        trees += [tree for score in self.scores.values() for tree in score.trees]
        asked = {fact for tree in trees for leaf in leaves(tree) for fact in facts_of(leaf)}
        asked |= {fact for score in self.scores.values() for fact in score.facts}
        facts = self.names.facts
        return tuple(
            sorted(name for name in asked if name in facts and facts[name].type in ("number", "flag"))
        )

    @cached_property
    def denial_causes(self) -> Mapping[str, RuleFile]:
        """The file of every denial cause, by the cause's id."""
        return {file.denial_cause.id: file for file in self.files.values() if file.denial_cause is not None}

    @cached_property
    def confidential_files(self) -> frozenset[str]:
        """The files of packs whose conclusions are for a person only."""
        return frozenset(file.id for file in self.files.values() if self.packs[file.pack].is_confidential)

    @cached_property
    def condition_files(self) -> tuple[RuleFile, ...]:
        return tuple(file for file in self.files.values() if file.is_condition)

    def criterion(self, full_id: str) -> Criterion:
        """Return a criterion by its full name (KeyError if there is none)."""
        return self.criteria[full_id]

    def stage(self, name: str) -> list[RuleFile]:
        """Return the files of one stage that have rules."""
        return [file for file in self.files.values() if file.stage == name and file.rules]

    def conclusion_stages(self) -> dict[str, int]:
        """Return, for every name that some rule may conclude, the first stage (from 0) in which it may."""
        found: dict[str, int] = {}
        for file in self.files.values():
            for rule in file.rules:
                for conclusion in rule.then:
                    place = STAGES.index(file.stage)
                    found[conclusion.name] = min(place, found.get(conclusion.name, place))
        return found
