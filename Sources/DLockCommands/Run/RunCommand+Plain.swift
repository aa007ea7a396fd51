import ArgumentParser

extension RunCommand {
    /// Reads a command line without the parser of arguments, which takes as long as everything else that `dlock` does together;
    /// `nil` if anything in it is not plain: then the parser says what is wrong with it, or prints help.
    ///
    /// - Parameter line: The command line.
    init?(plain line: RunLine) {
        guard let name = line.name, line.unknownOption == nil else { return nil }
        self.init()
        setDefaults()
        for item in line.items where !take(item) { return nil }
        lock.name = ForeignText.encode(name.bytes)
        given.words = line.rest
        guard (try? lock.validate()) != nil, (try? validate()) != nil else { return nil }
    }

    /// Properties that were neither parsed nor set cannot be read.
    private mutating func setDefaults() {
        store = StoreOptions()
        store.store = nil
        lock = NameArgument()
        (wait, ttl, holdAtLeast, holdAtMost) = (nil, nil, nil, nil)
        (noWait, shared, exclusive, quiet) = (false, false, false, false)
        (permits, label, shellLine) = (nil, nil, nil)
        killAfter = .standard
        conflictExitCode = DLockExit.conflict
        command = []
    }

    private mutating func take(_ item: RunLine.Item) -> Bool {
        switch item {
        case .flag(let option): take(option)
        case .value(let option, let text): (try? take(option, text)) ?? false
        case .other: false
        }
    }

    private mutating func take(_ flag: RunOption) -> Bool {
        switch flag {
        case .noWait: noWait = true
        case .shared: shared = true
        case .exclusive: exclusive = true
        case .quiet: quiet = true
        default: return false
        }
        return true
    }

    private mutating func take(_ option: RunOption, _ text: String) throws -> Bool {
        switch option {
        case .store: store.store = text
        case .wait: wait = try DurationArgument.read(text)
        case .ttl: ttl = try DurationArgument.read(text)
        case .holdAtLeast: holdAtLeast = try DurationArgument.read(text)
        case .holdAtMost: holdAtMost = try DurationArgument.read(text)
        case .killAfter: killAfter = try LimitArgument.read(text)
        case .label: label = text
        case .command: shellLine = text
        case .permits:
            guard let number = Int(text) else { return false }
            permits = number
        case .conflictExitCode:
            guard let code = Int32(text) else { return false }
            conflictExitCode = code
        default: return false
        }
        return true
    }
}
