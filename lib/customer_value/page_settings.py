"""Settings that only a page makes use of, judged before any page is made: `check` finds what a report would refuse."""

from __future__ import annotations

from pathlib import Path

from customer_value.purchase_share import share_item
from customer_value.settings import Settings
from customer_value.survey import SurveyScores

__all__ = ["refuse_unusable_files", "refuse_unusable_items"]


def refuse_unusable_files(settings: Settings, base: Path) -> None:
    """Read the files that pages read: the treatments of ``rfm.policy``, which need orders.

    Raises
    ------
    ConfigError
        If one cannot be used.
    """
    if settings.orders is not None and settings.rfm.policy is not None:
        from customer_value.rfm.policy import read_policy

        read_policy(settings.rfm.policy, base)


def refuse_unusable_items(settings: Settings, scored: SurveyScores) -> None:
    """Look for the items of a survey that settings of pages name.

    Raises
    ------
    InputError
        If ``loyalty.stated_share`` or ``satisfaction.index_weights`` names one that is not there, or all weights are 0.
    """
    share_item(scored.items, settings.loyalty.stated_share)
    if settings.satisfaction.index_weights:
        from customer_value.satisfaction.panel import headline_panel, panels_of
        from customer_value.satisfaction.scores import index_weights

        panel = headline_panel(panels_of(scored))
        if panel is not None:
            index_weights(list(panel.of("overall").index), settings.satisfaction.index_weights)
