"""What categories are called outside eligibility: an illness is named by nobody but a decision's receipt."""

HEALTH_CONDITION, OTHER = "health_condition", "other"
_OF_ILLNESS = frozenset({"k3", "k8"})


def outward(category: str) -> str:
    """k3 and k8 are one category that does not name the condition."""
    return HEALTH_CONDITION if category in _OF_ILLNESS else category
