"""The registry: every policy the laboratory knows, in the order in which they are applied."""

from __future__ import annotations

from sim.policies.base import Moment, Policy
from sim.policies.kos import Kos
from sim.policies.lead_operations import LeadOperations
from sim.policies.paid_ads import PaidAds
from sim.policies.referral import Referral
from sim.policies.vertical_media import VerticalMedia

POLICIES: dict[str, type[Policy]] = {
    "paid_ads": PaidAds,
    "vertical_media": VerticalMedia,
    "referral": Referral,
    "kos": Kos,
    "lead_operations": LeadOperations,
}

__all__ = ["POLICIES", "Moment", "Policy"]
