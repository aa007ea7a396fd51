import Testing

@testable import ZooKeeperLocks

@Suite struct ServerErrorTests {
    @Test func `The numbers of the errors`() {
        let numbers: [(ServerError, Int32)] = [
            (.ok, 0), (.systemError, -1), (.runtimeInconsistency, -2), (.dataInconsistency, -3),
            (.marshallingError, -5), (.unimplemented, -6), (.operationTimeout, -7), (.badArguments, -8),
            (.unknownSession, -12), (.noNode, -101), (.noAuth, -102), (.badVersion, -103),
            (.noChildrenForEphemerals, -108), (.nodeExists, -110), (.notEmpty, -111), (.sessionExpired, -112),
            (.invalidACL, -114), (.authFailed, -115), (.sessionMoved, -118), (.notReadOnly, -119),
            (.ephemeralOnLocalSession, -120), (.noWatcher, -121), (.requestTimeout, -122),
            (.sessionClosedRequireSASL, -124), (.quotaExceeded, -125), (.throttled, -127),
        ]
        for (error, number) in numbers {
            #expect(error.rawValue == number)
            #expect(!error.description.hasPrefix("error") && error.description.hasSuffix("(\(number))"))
        }
    }

    @Test func `An error that nobody knows is an error all the same`() {
        let error = ServerError(rawValue: -999)
        #expect(error.description == "error (-999)")
        #expect(!error.endsConnection && !error.isTransient)
    }

    @Test func `After some errors the connection is of no use, after others it is worth another try`() {
        #expect(ServerError.sessionExpired.endsConnection && ServerError.sessionMoved.endsConnection)
        #expect(ServerError.authFailed.endsConnection && !ServerError.noNode.endsConnection)
        #expect(ServerError.throttled.isTransient && !ServerError.nodeExists.isTransient)
    }
}
