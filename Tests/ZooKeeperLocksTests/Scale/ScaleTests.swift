import Testing

/// What takes the whole machine; one at a time.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ScaleTests {}
