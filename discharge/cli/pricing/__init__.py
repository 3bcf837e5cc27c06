"""The kinds of `discharge price`: payment formulas with the keys they take and how an answer is made of them."""
