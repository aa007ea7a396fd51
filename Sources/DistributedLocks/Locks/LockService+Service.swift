public import ServiceLifecycle

extension LockService: Service {
    /// Does nothing until graceful shutdown begins, or the task is cancelled; then closes the service.
    public func run() async throws {
        try? await gracefulShutdown()
        await close()
    }
}
