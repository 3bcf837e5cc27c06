"""The payer's portal: what was released to a payer, its proof, and the payer's answers. Nothing else of any case."""
