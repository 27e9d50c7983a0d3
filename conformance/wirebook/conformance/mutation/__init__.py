"""How sensitive the suite is: it is run on mutants, which break one requirement each.

What may live here: running cases on a mutant, what the verdicts say of the suite, and what they
say of a target that fails in the same way. A mutant is data here, and is applied by a function that
is named by text, since the suite shares no code with the reference.
"""
