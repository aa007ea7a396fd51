/// Something that is made when it is asked for first, and is then there for the rest of the run.
actor Once<Value: Sendable> {
    private var task: Task<Value, any Error>?

    /// The value.
    ///
    /// - Parameter make: Makes it.
    /// - Returns: The value.
    /// - Throws: What went wrong when it was made.
    func value(_ make: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = self.task ?? Task { try await make() }
        self.task = task
        return try await task.value
    }
}
