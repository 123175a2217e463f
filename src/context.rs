//! What a prompt may contain: the window around the cursor, related text, exact budgets.
