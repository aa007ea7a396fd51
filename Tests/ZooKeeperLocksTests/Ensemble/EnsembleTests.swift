import Testing

/// What happens to servers of an ensemble, and between them.
@Suite(.timeLimit(.minutes(4))) struct EnsembleTests {}
