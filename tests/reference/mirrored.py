"""Where the twin follows the fast model although the rule should be another. Each switch goes when the rule is mended."""

DATES_IN_THE_TICK_OF_DELIVERY_ARE_LOST = True
"""A new owner's first talk, contact with service or end of relationship that falls into the very tick of delivery is not
put on an agenda: the household is not looked at again unless something older is still noted there."""

STAY_IS_NOT_RECKONED_AT_REPURCHASE = True
"""A second car changes satisfaction, but the hazard passed since the last contact with service is not reckoned first, and
the new end of the relationship is not put on the agenda."""
