"""`topics`: the topics of a corpus, and their shares in periods or fields."""

from __future__ import annotations

from dataclasses import replace

from selfvec.base.checks import check_text, check_whole
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.storage.opened import GivenRun, as_run

from .hierarchy import topic_hierarchy
from .topic_clusters import Topics, cluster_terms
from .topic_groups import document_groups, topic_shares
from .topic_matching import matched_topics

__all__ = ["topics"]


def topics(
    run: GivenRun,
    number: int | None = None,
    *,
    by: str | None = None,
    match: bool = False,
    hierarchy: bool = False,
    top: int = 12,
    min_count: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Topics:
    """The topics of a corpus: groups of its characteristic terms.

    Parameters
    ----------
    run : Run or path
    number : int, optional
        Number of topics; by default 4 to 32, chosen by silhouette.
    by : str, optional
        Add the topics of groups of documents, as ``groups``: by month, quarter, year, decade, century, slice,
        or a field; several with commas.
    match : bool
        Cluster each of these groups separately, and match its topics with those of earlier groups.
    hierarchy : bool
        Add the hierarchy of similar topics, as ``hierarchy``.
    top : int
        Terms listed for each topic.
    min_count : int
        Leave out terms in fewer documents.
    seed : int
    progress : Progress, optional

    Raises
    ------
    OptionError
        If there are fewer than two terms per topic, or an option is wrong.
    InputError
        If the run has not kept its tokens, or has too few terms.
    """
    check_whole("number", 1 if number is None else number)
    check_whole("top", top)
    check_whole("min_count", min_count)
    if by is not None:
        check_text("by", by)
    if match and by is None:
        raise OptionError("needs groups to match", field="match", remedy="add --by year, or another period")
    run = as_run(run)
    parts = [] if by is None else document_groups(run, by)
    found = cluster_terms(run, number, top=top, min_count=min_count, seed=seed, progress=progress)
    groups = None
    if match:
        groups = matched_topics(run, parts, len(found), min_count=min_count, seed=seed, progress=progress)
    elif parts:
        groups = topic_shares(run, found, parts)
    return replace(found, groups=groups, hierarchy=topic_hierarchy(found) if hierarchy else None)
