// Finding the way among the slots.

extension QueueStorage {
    /// The place of a position, for later.
    package func place(_ position: UInt64) -> QueuePlace {
        QueuePlace(epoch: control.epoch, position: position)
    }

    /// Calls `body` for all who hold or wait between two positions, in their order, until it answers `false`.
    mutating func walk(
        _ range: Range<UInt64>,
        _ body: (UInt64, QueueMark<Tag>) throws(LockError) -> Bool
    ) throws(LockError) {
        var position = range.lowerBound
        while position < range.upperBound {
            switch try slot(at: position) {
            case .live(let mark):
                guard try body(position, mark) else { return }
                position += 1
            case .gone(_, let next):
                position = max(next, position + 1)
            }
        }
    }

    /// All positions of holders and waiters.
    package var everybody: Range<UInt64> { control.first..<control.tail }
    /// The positions of holders, among those who are gone.
    package var holderPositions: Range<UInt64> { control.first..<control.granted }

    /// Who stands before `position`.
    package mutating func predecessor(of position: UInt64) throws(LockError) -> (UInt64, QueueMark<Tag>)? {
        var position = position
        while position > control.first {
            position -= 1
            switch try slot(at: position) {
            case .live(let mark): return (position, mark)
            case .gone(let previous, _):
                guard let previous, previous >= control.first else { return nil }
                position = min(previous + 1, position)
            }
        }
        return nil
    }

    /// Who stands behind `position`.
    mutating func successor(of position: UInt64) throws(LockError) -> (UInt64, QueueMark<Tag>)? {
        var found: (UInt64, QueueMark<Tag>)?
        guard position < control.tail else { return nil }
        try walk(position + 1..<max(control.tail, position + 1)) { position, mark in
            found = (position, mark)
            return false
        }
        return found
    }

    /// Where `owner` stands.
    ///
    /// - Parameters:
    ///   - owner: Who is searched.
    ///   - hint: Where it stood.
    ///   - context: Is told the places of those who are met on the way.
    /// - Returns: The position, and who stands there; `nil` if `owner` stands nowhere.
    /// - Throws: Why the slots cannot be read.
    package mutating func locate(
        _ owner: OwnerID,
        _ hint: QueuePlace?,
        _ context: QueueContext<Tag>
    ) throws(LockError) -> (UInt64, QueueMark<Tag>)? {
        if let hint, hint.epoch == control.epoch, everybody.contains(hint.position),
            case .live(let mark) = try slot(at: hint.position), mark.owner == owner
        {
            return (hint.position, mark)
        }
        var result: (UInt64, QueueMark<Tag>)?
        let epoch = control.epoch
        try walk(everybody) { position, mark in
            context.found(mark.owner, QueuePlace(epoch: epoch, position: position))
            if mark.owner == owner { result = (position, mark) }
            return true
        }
        return result
    }

    /// Takes in what a process has left that was killed, and passes over those who are gone.
    ///
    /// - Returns: The first who waits.
    @discardableResult
    mutating func settle() throws(LockError) -> QueueMark<Tag>? {
        while control.granted < control.tail {
            switch try slot(at: control.granted) {
            case .live(let mark):
                guard let token = mark.token else { return mark }
                control.add(holder: mark.mode, token)
                control.waiters -= min(control.waiters, 1)
                control.granted += 1
            case .gone(_, let next):
                control.granted = min(max(next, control.granted + 1), control.tail)
            }
        }
        return nil
    }

    /// Moves the bounds inwards past those who are gone; where nobody is left, begins at the beginning.
    mutating func trim() throws(LockError) {
        while control.first < control.tail, case .gone(_, let next) = try slot(at: control.first) {
            control.first = min(max(next, control.first + 1), control.tail)
        }
        control.granted = max(control.granted, control.first)
        while control.first < control.tail, case .gone(let previous, _) = try slot(at: control.tail - 1) {
            control.tail = max(min(previous.map { $0 + 1 } ?? control.first, control.tail - 1), control.first)
        }
        control.granted = min(control.granted, control.tail)
        if control.granted == control.first { control.holders = 0 }
        if control.granted == control.tail { control.waiters = 0 }
        guard control.isIdle else { return }
        let former = control
        control = QueueControl()
        control.lastToken = former.lastToken
        control.epoch = former.epoch
    }
}
