"""What the check says beside a verdict, where it is the same for every file."""

COARSE = (
    "Its numbers are exact to float32 alone, although it returns float64: it computes in float32 somewhere, or takes "
    "differences of the loss in the place of derivatives."
)
COARSE_LOSS = (
    "Its gradients are exact, and its loss to float32's digits alone: by a small number inside a logarithm, or by a "
    "1 − p that cancels."
)
CUT_OFF = (
    "Where units saturate (the probe “{probe}”) its loss is another one: cut off by a limit, or by a small number in a "
    "logarithm. All gradients are right."
)
LOSS_ALONE = "Its gradients are right, but not the derivative of the loss that it returns: that alone is wrong."
NOT_OF_ITS_LOSS = "Its gradients are not the derivative of the loss that it returns."
NO_COPY = (
    "Every gradient is zero, and the weights that were given have changed: before and after the step are one array "
    "under two names. Let the step have a copy of each, W.copy()."
)
FOLLOWS = "Its gradients are the derivative of the loss that it returns."
SAY_SO = " If that is what is meant, the file has to say so."
OVERFLOWS = (
    "Where units saturate (the probe “{probe}”) it returns nan or inf, and a right pass does not: the logarithm of a "
    "number that has become 0, or an exponential that overflows. All the rest is right."
)
KEEPS = "It is right when it is called once, and wrong when it is called again: it keeps something of the call before."
DRAWS = (
    "It draws random numbers while it computes. A pass with dropout left on, or with weights that it draws itself, is "
    "another one than that of the weights which it was given."
)
CONTRADICTED = "PyTorch's autograd disagrees with what it is judged by: a mistake of mlp-tui."
