/// Which call meets which fault.
struct FaultScript: Sendable {
    private var next: [FaultyStore.Operation: [Fault?]] = [:]
    private var lasting: [FaultyStore.Operation: Fault] = [:]
    private var rates = FaultRates()
    private var generator = SeededGenerator(seed: 0)
    private(set) var calls: [FaultyStore.Operation: Int] = [:]

    /// Counts a call, and says what becomes of it.
    mutating func fault(for operation: FaultyStore.Operation) -> Fault? {
        calls[operation, default: 0] += 1
        if let first = next[operation]?.first {
            next[operation]?.removeFirst()
            return first
        }
        if let fault = lasting[operation] { return fault }
        return rates.draw(from: &generator)
    }

    mutating func append(_ faults: [Fault?], for operation: FaultyStore.Operation) {
        next[operation, default: []] += faults
    }

    mutating func setLasting(_ fault: Fault, for operations: Set<FaultyStore.Operation>) {
        for operation in operations { lasting[operation] = fault }
    }

    mutating func setRandom(_ rates: FaultRates, seed: UInt64) {
        self.rates = rates
        generator = SeededGenerator(seed: seed)
    }

    mutating func clear() {
        next = [:]
        lasting = [:]
        rates = FaultRates()
    }
}
