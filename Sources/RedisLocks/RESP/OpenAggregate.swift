/// An aggregate of which some elements are yet to come.
struct OpenAggregate: Sendable {
    /// What it will be.
    let type: RESPType
    /// How many elements are yet to come.
    private(set) var missing: Int
    /// Those that have come; none for an attribute, of which nothing is kept.
    private(set) var elements: [RESPValue]

    /// More places than this are only made as elements come: a head may announce a million of them and send none.
    static let maximumReserve = 16

    init(_ type: RESPType, count: Int) {
        self.type = type
        missing = count
        elements = []
        if type != .attribute { elements.reserveCapacity(min(count, Self.maximumReserve)) }
    }

    /// Takes the next element.
    mutating func append(_ value: RESPValue) {
        missing -= 1
        if type != .attribute { elements.append(value) }
    }

    /// The whole, once nothing is missing; `nil` for an attribute, which is no value.
    var value: RESPValue? {
        switch type {
        case .attribute: nil
        case .map: .map(elements)
        case .push: .push(elements)
        default: .array(elements)
        }
    }
}
