"""`topics`: the topics of a corpus, and their shares in periods or fields."""

from __future__ import annotations

import os
from dataclasses import replace

from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError
from selfvec.base.extras import require
from selfvec.base.progress import Progress
from selfvec.base.report_files import ROWS, check_report, save_rows
from selfvec.base.targets import check_target
from selfvec.storage.opened import GivenRun, as_run

from .document_topics import document_table
from .topic_clusters import Topics, cluster_terms
from .topic_groups import document_groups, matched_topics, topic_hierarchy, topic_shares

__all__ = ["topics"]


@checked
def topics(
    run: GivenRun,
    number: int | None = None,
    *,
    top: int = 12,
    min_count: int = 5,
    by: str | None = None,
    match: bool = False,
    hierarchy: bool = False,
    documents: str | os.PathLike[str] | None = None,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Topics:
    """List the topics of a text: groups of its characteristic terms.

    Parameters
    ----------
    run : Run or path
    number : int, at least 1, optional
        Number of topics; by default 4 to 32, chosen by silhouette.
    top : int, at least 3
        Terms listed for each topic.
    min_count : int, at least 1
        Leave out terms in fewer documents.
    by : str, optional
        Show the topics of each month, quarter, year, decade, slice or value of a field. Several with
        commas. The result has them as ``groups``.
    match : bool
        Cluster each group of --by by itself, and match its topics in order.
    hierarchy : bool
        Show which topics are similar. The result has them as ``hierarchy``.
    documents : path, optional
        Write the topic of each document: .csv or .parquet.
    seed : int, at least 0
    overwrite : bool
    progress : Progress, optional

    Raises
    ------
    OptionError
        If there are fewer than two terms per topic, or an option is wrong.
    InputError
        If the run has not kept its tokens, or has too few terms.
    """
    if match and by is None:
        raise OptionError("needs groups to match", field="match", remedy="add --by year, or another period")
    if match or hierarchy:
        require("scipy", "sparse", "matching topics" if match else "a hierarchy of topics")
    if documents is not None:
        check_report(documents, ROWS)
        check_target(documents, overwrite=overwrite, folder=False)
    run = as_run(run)
    parts = [] if by is None else document_groups(run, by)
    found = cluster_terms(run, number, top=top, min_count=min_count, seed=seed, progress=progress)
    groups = None
    if match:
        groups = matched_topics(run, parts, len(found), min_count=min_count, seed=seed, progress=progress)
    elif parts:
        groups = topic_shares(run, found, parts)
    if documents is not None:
        rows = document_table(run, found, parts, groups if match else None)
        save_rows(rows, documents, overwrite=overwrite)
    return replace(found, groups=groups, hierarchy=topic_hierarchy(found) if hierarchy else None)
