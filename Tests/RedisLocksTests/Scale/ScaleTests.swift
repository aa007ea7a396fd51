import Testing

/// What takes the whole machine; one at a time.
@Suite("Many at once", .serialized)
struct ScaleTests {}
