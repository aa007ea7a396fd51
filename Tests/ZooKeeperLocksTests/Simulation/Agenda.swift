/// What is going to happen, in its order: by time, then by rank, then as it was added.
struct Agenda {
    private struct Entry {
        let time: Int64
        let rank: Int
        let number: Int
        let body: (Int) -> Void

        func isBefore(_ other: Entry) -> Bool {
            if time != other.time { return time < other.time }
            return rank != other.rank ? rank < other.rank : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var added = 0

    /// When the next thing happens, in nanoseconds.
    var nextTime: Int64? { heap.first?.time }

    /// Adds something.
    ///
    /// - Parameters:
    ///   - time: When, in nanoseconds.
    ///   - rank: Decides among what happens at the same time, where the order in which it is added is not always the same.
    ///   - number: Its place among others if it had to be put off; `nil` if it is new.
    ///   - body: What; it gets the number.
    mutating func add(_ time: Int64, rank: Int = 0, number: Int? = nil, _ body: @escaping (Int) -> Void) {
        added += 1
        heap.append(Entry(time: time, rank: rank, number: number ?? added, body: body))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out what happens next.
    mutating func next() -> (() -> Void)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        let body = { first.body(first.number) }
        guard !heap.isEmpty else { return body }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            if least == parent { return body }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Nothing happens any more.
    mutating func clear() { heap = [] }
}
