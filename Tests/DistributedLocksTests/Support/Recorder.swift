import Synchronization

/// Collects what happens on any thread.
final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }
    var count: Int { elements.withLock { $0.count } }

    func add(_ element: Element) {
        elements.withLock { $0.append(element) }
    }

    func add(contentsOf new: [Element]) {
        elements.withLock { $0.append(contentsOf: new) }
    }
}

/// Shows whether an object still exists.
final class Weak<Object: AnyObject & Sendable>: Sendable {
    weak let object: Object?

    init(_ object: Object) { self.object = object }
}
