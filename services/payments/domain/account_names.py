"""What a bank says of the name that is stated for an account."""

MATCH = "match"
#: The bank's own measure: spelling, order, a shortened name.
CLOSE = "close"
NO_MATCH = "no_match"
UNKNOWN_ACCOUNT = "unknown_account"
#: It was asked and said nothing.
NO_ANSWER = "no_answer"

ANSWERS = (MATCH, CLOSE, NO_MATCH, UNKNOWN_ACCOUNT)
OUTCOMES = (*ANSWERS, NO_ANSWER)
#: Those for which a person looks before anything is paid.
ODD = (NO_MATCH, UNKNOWN_ACCOUNT)
