"""Pages of one case. :class:`CaseFile` is what each is made from; ``record`` is where their forms are sent."""
