"""Pages of the administrator and the auditor: people, feeds, rules and payers in force, audit."""
