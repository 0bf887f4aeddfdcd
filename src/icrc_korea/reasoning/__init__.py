"""What follows: axioms and rules, inference, proofs."""
