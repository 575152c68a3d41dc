"""The survey of the sample company: its codebook and the answers of about 40 % of the accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.simulate.catalogue import COMPETITORS
from customer_value.simulate.parameters import COMPANY, Parameters, day_of, iso, stream
from customer_value.simulate.parameters import Survey as SurveyParameters

__all__ = ["codebook", "draw_answers", "draw_respondents"]

Floats = NDArray[np.float64]

NO_ANSWER = -99
CANNOT_JUDGE = 0

_ATTRIBUTES = (
    ("quality", "product", "product",
     "The goods from {t} are of high quality.", "{t} 的产品质量很好。",
     "We expect goods of high quality from {t}.", "我们期望 {t} 提供优质的产品。"),
    ("range", "product", "product",
     "{t} has what we need in stock.", "我们需要的产品，{t} 都有现货。",
     "We expect {t} to have what we need in stock.", "我们期望 {t} 备有我们需要的现货。"),
    ("delivery", "service", "service",
     "{t} delivers on the agreed day.", "{t} 能按约定的日期交货。",
     "We expect {t} to deliver on the agreed day.", "我们期望 {t} 按约定的日期交货。"),
    ("support", "service", "service",
     "{t} solves technical problems quickly.", "{t} 能很快解决技术问题。",
     "We expect {t} to solve technical problems quickly.", "我们期望 {t} 很快解决技术问题。"),
    ("claims", "service", "service",
     "{t} handles claims and returns fairly.", "{t} 处理投诉和退货公平合理。",
     "We expect {t} to handle claims and returns fairly.", "我们期望 {t} 公平合理地处理投诉和退货。"),
    ("advice", "personnel", "personnel",
     "The people at {t} know our business and advise us well.", "{t} 的员工了解我们的业务，能提出好的建议。",
     "We expect the people at {t} to know our business and to advise us well.",
     "我们期望 {t} 的员工了解我们的业务并提出好的建议。"),
    ("reputation", "image", "image",
     "{t} has a good name in our trade.", "{t} 在我们行业里口碑很好。",
     "We expect {t} to have a good name in our trade.", "我们期望 {t} 在我们行业里有好的口碑。"),
    ("price", "burden", "money",
     "All in all, buying from {t} costs us a lot of money.", "总的来说，向 {t} 采购要花很多钱。", "", ""),
    ("time", "burden", "time",
     "Ordering from {t} takes a lot of our time.", "向 {t} 订货要花很多时间。", "", ""),
    ("effort", "burden", "energy",
     "Receiving and handling goods from {t} is hard work.", "接收和搬运 {t} 的货物很费力。", "", ""),
    ("worry", "burden", "psychic",
     "When we order from {t}, we worry that something goes wrong.", "向 {t} 订货时，我们总担心会出差错。", "", ""),
)  # fmt: skip
_COMPARED = ("quality", "delivery", "advice", "reputation", "price", "time", "effort", "worry")
_PREFERENCES = (
    ("liking", False, "Our feeling about {t} is: 1 = bad … 7 = good.",
     "我们对 {t} 的感觉：1 = 差 … 7 = 好。"),
    ("trust", False, "As a supplier, {t} is: 1 = unreliable … 7 = trustworthy.",
     "作为供应商，{t}：1 = 不可靠 … 7 = 值得信赖。"),
    ("choice", True, "When we need something, {t} is our: 1 = first choice … 7 = last choice.",
     "需要采购时，{t} 是我们的：1 = 首选 … 7 = 最后的选择。"),
)  # fmt: skip
_OVERALL = (
    ("sat_overall", False, "All in all, how satisfied are you with {t}? 1 = not at all … 10 = completely.",
     "总体而言，您对 {t} 满意吗？1 = 非常不满意 … 10 = 非常满意。"),
    ("sat_ideal", False, "How close is {t} to your ideal supplier? 1 = very far … 10 = very close.",
     "{t} 与您理想中的供应商有多接近？1 = 相差很远 … 10 = 非常接近。"),
    ("sat_disappointed", True, "How often does {t} disappoint you? 1 = never … 10 = all the time.",
     "{t} 多久会让您失望一次？1 = 从不 … 10 = 总是。"),
)  # fmt: skip

_EDGE = {"Tessaly Trade": {"quality": -0.7, "delivery": -0.3, "advice": -0.6, "reputation": -0.4, "price": -0.9},
         "Brackwater Depot": {"quality": 0.3, "advice": 0.1, "reputation": 0.6, "price": 0.8, "time": 0.2}}  # fmt: skip
"""How the competitors differ from what people feel about them in general (standard deviations)."""


def codebook() -> pd.DataFrame:
    """The survey's items: what each asks, of whom, and on which scale.

    Returns
    -------
    DataFrame
        ``item, construct, aspect, attribute, component, target, reversed, scale_min, scale_max,
        missing_codes, scale, wording_en, wording_zh``. Items of one construct, aspect and target
        belong together; ``attribute`` joins the versions of one question.

    Examples
    --------
    >>> items = codebook()
    >>> len(items), items["aspect"].unique().tolist()
    (48, ['expected', 'perceived', 'attitude', 'overall', 'other'])
    """
    rows = [*_expected_items(), *_perceived_items(), *_attitude_items(), *_overall_items(), *_other_items()]
    return pd.DataFrame(rows)


def draw_respondents(
    accounts: pd.DataFrame, visits: pd.DataFrame, seed: int, p: SurveyParameters
) -> pd.DataFrame:
    """Who answered: accounts that had bought before the survey, more often those that like us.

    Parameters
    ----------
    accounts
        As from `draw_accounts`.
    visits
        As from `customer_value.simulate.visits.draw_visits`.
    seed, p
        As there.

    Returns
    -------
    DataFrame
        ``account`` (position), ``day``; some accounts have two respondents.
    """
    rng = stream(seed, "respondents")
    start = day_of(p.first_day)
    asked = np.zeros(len(accounts), dtype=bool)
    asked[visits.loc[visits["day"] < start - 15, "account"]] = True
    buying = (accounts["dropout"] > start).to_numpy()
    appeal = p.response_per_attitude * accounts["attitude"].to_numpy() + p.response_if_still_buying * buying
    lot = appeal + rng.gumbel(0.0, 1.0, len(accounts))
    wanted = min(round(p.accounts_share * len(accounts)), int(asked.sum()))
    chosen = np.sort(np.argsort(np.where(asked, -lot, np.inf), kind="stable")[:wanted])
    twice = chosen[rng.random(len(chosen)) < p.second_respondent_share]
    who = np.sort(np.concatenate([chosen, twice]), kind="stable")
    day = start + rng.integers(0, day_of(p.last_day) - start + 1, len(who))
    return pd.DataFrame({"account": who, "day": np.where(day % 7 > 4, day - 2, day)})


def draw_answers(
    accounts: pd.DataFrame, respondents: pd.DataFrame, seed: int, parameters: Parameters
) -> pd.DataFrame:
    """The answers in long form.

    Parameters
    ----------
    accounts
        As from `draw_accounts`, with ``share_of_wallet``.
    respondents
        As from `draw_respondents`.
    seed, parameters
        As there.

    Returns
    -------
    DataFrame
        ``respondent_id, customer_id, date, item, score``; −99 for no answer, 0 for "cannot
        judge", and a few blanks.
    """
    rng = stream(seed, "survey")
    items = codebook()
    scores = _scores(accounts.iloc[respondents["account"]], items, rng, parameters.survey)
    n = len(respondents)
    width = max(3, len(str(n)))
    who = np.repeat(np.arange(n), len(items))
    ids = accounts["customer_id"].to_numpy(dtype=object)[respondents["account"].to_numpy()]
    table = pd.DataFrame(
        {
            "respondent_id": np.array([f"R{i + 1:0{width}d}" for i in range(n)], dtype=object)[who],
            "customer_id": ids[who],
            "date": np.array([iso(day) for day in respondents["day"]], dtype=object)[who],
            "item": np.tile(items["item"].to_numpy(dtype=object), n),
            "score": pd.array(scores.ravel(), dtype="Float64").astype("Int64"),
        }
    )
    table.loc[rng.random(len(table)) < parameters.survey.blank, "score"] = pd.NA
    return table


def _scores(
    people: pd.DataFrame, items: pd.DataFrame, rng: np.random.Generator, p: SurveyParameters
) -> Floats:
    """A row per respondent, a column per item, with the codes for what was not answered."""
    n = len(people)
    feeling = people["attitude"].to_numpy() + p.respondent_sd * rng.standard_normal(n)
    style = p.style_sd * rng.standard_normal(n)
    latent = {"own": _components(feeling, rng, p)}
    general = {"own": feeling}
    for number, name in enumerate(COMPETITORS, start=1):
        general[name] = people[f"competitor_{number}"].to_numpy() + p.respondent_sd * rng.standard_normal(n)
        latent[name] = _components(general[name], rng, p)
    satisfaction = sum(weight * latent["own"][name] for name, weight in p.weights.items())
    satisfaction = satisfaction / 0.55 + p.satisfaction_noise_sd * rng.standard_normal(n)
    hopes = _components(np.zeros(n), rng, p)
    unknown = {
        name: rng.random(n) < share for name, share in zip(COMPETITORS, p.competitor_unknown, strict=True)
    }
    columns = []
    for item in items.to_dict("records"):
        loading = p.preference_loading if item["aspect"] == "attitude" else p.item_loading
        noise = np.sqrt(1 - loading**2) * rng.standard_normal(n)
        target = str(item["target"])
        if item["aspect"] == "expected":
            signal, noise = 1.0 + 0.8 * hopes[item["construct"]], 0.7 * noise
        elif item["aspect"] == "perceived":
            signal = latent[target][item["construct"]] + _EDGE.get(target, {}).get(item["attribute"], 0.0)
        elif item["aspect"] == "attitude":
            signal = general[target]
        else:
            signal = satisfaction
        if item["scale"] == "percentage":
            answer = _percentages(people["share_of_wallet"].to_numpy(), rng)
        else:
            answer = _rated(item, loading * signal + noise, style)
        answer = np.where(unknown.get(target, False), CANNOT_JUDGE, answer)
        columns.append(np.where(rng.random(n) < p.no_answer, NO_ANSWER, answer))
    return np.column_stack(columns)


def _components(feeling: Floats, rng: np.random.Generator, p: SurveyParameters) -> dict[str, Floats]:
    """What people think of each construct: partly their feeling in general, partly its own."""
    own = np.sqrt(1 - p.component_loading**2)
    parts = {}
    for construct in ("product", "service", "personnel", "image", "burden"):
        sign = -1.0 if construct == "burden" else 1.0
        parts[construct] = sign * p.component_loading * feeling + own * rng.standard_normal(len(feeling))
    return parts


def _rated(item: dict[str, object], value: Floats, style: Floats) -> Floats:
    """A feeling on the standard scale as a whole number on the scale of the item."""
    low, high = int(str(item["scale_min"])), int(str(item["scale_max"]))
    centre = {5: (3.4, 0.95), 7: (4.5, 1.35), 10: (7.3, 1.8)}[high]
    if item["scale"] == "nps":
        centre = (7.6, 2.0)
    if item["construct"] == "burden":
        centre = (2.6, 0.95)
    turned = item["reversed"] == "true"
    value = -value if turned else value
    middle = low + high - centre[0] if turned else centre[0]
    answer: Floats = np.clip(np.rint(middle + centre[1] * (value + style)), low, high)
    return answer


def _percentages(share: Floats, rng: np.random.Generator) -> Floats:
    guess = 100 * share + 12 * rng.standard_normal(len(share))
    rounded: Floats = np.clip(5 * np.rint(guess / 5), 0, 100)
    return rounded


def _expected_items() -> list[dict[str, object]]:
    return [
        _item(f"exp_{key}", construct, "expected", key, component, "own", expected_en, expected_zh)
        for key, construct, component, _, _, expected_en, expected_zh in _ATTRIBUTES
        if expected_en
    ]


def _perceived_items() -> list[dict[str, object]]:
    rows = []
    for prefix, target in _targets():
        for key, construct, component, english, chinese, _, _ in _ATTRIBUTES:
            if target == "own" or key in _COMPARED:
                item = f"{prefix}_{key}"
                rows.append(_item(item, construct, "perceived", key, component, target, english, chinese))
    return rows


def _attitude_items() -> list[dict[str, object]]:
    return [
        _item(f"{prefix}_{key}", "preference", "attitude", key, "", target, english, chinese,
              turned=turned, scale=(1, 7, "semantic_differential"))
        for prefix, target in _targets()
        for key, turned, english, chinese in _PREFERENCES
    ]  # fmt: skip


def _overall_items() -> list[dict[str, object]]:
    return [
        _item(key, "satisfaction", "overall", "", "", "own", english, chinese,
              turned=turned, scale=(1, 10, "likert"))
        for key, turned, english, chinese in _OVERALL
    ]  # fmt: skip


def _other_items() -> list[dict[str, object]]:
    nps_en = "How likely are you to recommend {t} to a colleague? 0 = not at all … 10 = certainly."
    nps_zh = "您有多大可能向同行推荐 {t}？0 = 完全不可能 … 10 = 一定会。"
    share_en = "What percentage of your purchases in our range do you make from {t}?"
    share_zh = "在我们经营的品类中，您向 {t} 采购的比例是百分之多少？"
    return [
        _item("recommend", "recommendation", "other", "", "", "own", nps_en, nps_zh, scale=(0, 10, "nps")),
        _item(
            "share_bought", "share", "other", "", "", "own", share_en, share_zh, scale=(0, 100, "percentage")
        ),
    ]


def _targets() -> tuple[tuple[str, str], ...]:
    return (("own", "own"), *((name.split()[0].lower(), name) for name in COMPETITORS))


def _item(
    item: str,
    construct: str,
    aspect: str,
    attribute: str,
    component: str,
    target: str,
    english: str,
    chinese: str,
    turned: bool = False,
    scale: tuple[int, int, str] = (1, 5, "likert"),
) -> dict[str, object]:
    low, high, kind = scale
    name = COMPANY if target == "own" else target
    return {
        "item": item,
        "construct": construct,
        "aspect": aspect,
        "attribute": attribute,
        "component": component,
        "target": target,
        "reversed": "true" if turned else "false",
        "scale_min": low,
        "scale_max": high,
        "missing_codes": f"{NO_ANSWER};{CANNOT_JUDGE}" if low > 0 else str(NO_ANSWER),
        "scale": kind,
        "wording_en": english.format(t=name),
        "wording_zh": chinese.format(t=name).strip(),
    }
