"""How well it went: test-then-train runs, their figures, and the one picture of them."""
