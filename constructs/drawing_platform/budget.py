"""A monthly limit on what one environment costs, with a warning before it is reached."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns

from constructs import Construct
from drawing_platform.settings import BudgetSettings


@dataclass(frozen=True, kw_only=True)
class BudgetProps:
    """How much, for what, and who is told."""

    budget: BudgetSettings
    project: str
    env: str
    topic: sns.ITopic


class Budget(Construct):
    """Warns when the money spent, or the forecast for the month, passes the agreed share of the limit.

    It counts by the tags `project` and `environment`, from the day on which they are activated as cost allocation tags.
    """

    def __init__(self, scope: Construct, construct_id: str, *, props: BudgetProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{props.project}-{props.env}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=props.budget.monthly_usd, unit="USD"),
                metrics=["UnblendedCost"],
                filter_expression=budgets.CfnBudget.ExpressionProperty(
                    and_=[_tagged("project", props.project), _tagged("environment", props.env)]
                ),
            ),
            notifications_with_subscribers=[self._warn_when(kind) for kind in ("ACTUAL", "FORECASTED")],
        )

    def _warn_when(self, kind: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=self._props.budget.warn_at_percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self._props.topic.topic_arn)
            ],
        )


def _tagged(key: str, value: str) -> budgets.CfnBudget.ExpressionProperty:
    return budgets.CfnBudget.ExpressionProperty(tags=budgets.CfnBudget.TagValuesProperty(key=key, values=[value]))
