"""The supervisor's board: load, delays, denials and what they cost, every figure with the cases behind it."""
