"""Where the twin follows the fast model although the rule should be another.

With a switch off the twin states the rule as it should be. When the fast model is mended, the switch goes; with both
gone so do `market.Diary` and `owning.note`: a household is then looked at whenever one of its dates is due.
"""

DATES_IN_THE_TICK_OF_DELIVERY_ARE_LOST = True
"""A new owner's first talk, contact with service or end of relationship that falls into the very tick of delivery is
not put on an agenda: nobody looks at the household again, unless something older is still noted there."""

STAY_IS_NOT_RECKONED_AT_REPURCHASE = True
"""A second car changes satisfaction, but the hazard passed since the last contact with service is not reckoned first,
and the new end of the relationship is not put on the agenda."""
