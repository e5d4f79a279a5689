"""The law engine: pure rules over facts; the law arrives as a `Policy`, time as a `Month`.

- `case_reading.read_person(person, household, dates, context)` → `PersonFacts`, strictly (Refusal
  `case_invalid` with each path); `case_reading.read_case(json, provinces)` → `Case`.
- `Engine(policy).determine(facts, month, province, former_province)` → `Determination`: awards
  (programme, category k1 to k8 | nurture | social_pension, coefficient, standard, amount, payee,
  citations), the sum, every rule tried, and the start month. It answers as if a decision were in force:
  who has not been signed yet is determined like anybody else.
- `reasons.compact(determination)` and `reasons.full(determination, facts)`: JSON-able, for a stored
  decision and for an answer.
- `answers.answer(engine, case)`: the whole answer to a case, with start rules, suspension, move and the
  back-pay that falls due in its month.

Refusal `not_covered_yet` stands for law or facts that are not built: never an amount of 0.
"""
