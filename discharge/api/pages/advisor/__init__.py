"""The physician advisor's pages: the queue, and one question with its evidence, talk log and decision."""
