public import ServiceLifecycle

extension LockService: Service {
    /// Does nothing until graceful shutdown begins, or the task is cancelled; then closes the service.
    ///
    /// List it in the service group before the services that use its locks: a group shuts down in reverse order.
    public func run() async throws {
        try? await gracefulShutdown()
        await close()
    }
}
