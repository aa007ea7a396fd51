import DistributedLocks

/// A name's state in words.
struct StatusText {
    let style: Style
    let now: UnixTime

    /// A line for the name, and one for each holder and waiter.
    func lines(_ status: LockStatus) -> [String] {
        let name = style.bold(printable(status.name.text))
        guard !status.isIdle else { return ["\(name): \(style.green("free"))"] }
        var lines = ["\(name): \(headline(status))"]
        lines += status.holders.map { "  \(style.yellow("holds")) \(participant($0, holder($0.holder)))" }
        lines += status.waiters.enumerated().map { place, waiter in
            let text = participant(waiter, self.waiter(waiter.holder))
            return "  \(style.dim("waits")) \(text), \(place == 0 ? "next" : "\(place) ahead")"
        }
        return lines
    }

    /// Who holds a lock, and for how long: `web-3 (pid 8123) for 12 s`.
    func holder(_ holder: Holder) -> String {
        printable(holder.description) + age(HolderTimes(holder, now: now).held)
    }

    /// Who waits for a lock, and for how long: `web-3 (pid 8123) for 12 s`.
    func waiter(_ holder: Holder) -> String {
        printable(holder.description) + age(HolderTimes(holder, now: now).waited)
    }

    private func headline(_ status: LockStatus) -> String {
        let held =
            switch status.holders.first?.mode {
            case nil: style.green("free")
            case .exclusive: "locked"
            case .shared: "shared by \(status.holders.count)"
            case .permit(let limit): "\(status.holders.count) of \(limit) permits taken"
            }
        return status.waiters.isEmpty ? held : "\(held), \(status.waiters.count) waiting"
    }

    private func participant(_ participant: LockStatus.Participant, _ who: String) -> String {
        var parts = [who]
        if participant.mode == .shared { parts.append("shared") }
        if let token = participant.token { parts.append("token \(token)") }
        if let remaining = participant.remaining { parts.append("lease ends in \(remaining.shortText)") }
        return parts.joined(separator: ", ")
    }

    private func age(_ duration: Duration?) -> String {
        duration.map { " for \($0.ageText)" } ?? ""
    }
}
