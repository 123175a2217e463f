//! Which models there are, which of them are on this machine, and what each needs of it.
