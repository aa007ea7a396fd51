/// A certificate that nobody trusts, made for these tests.
package enum TestCertificate {
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBhDCCASugAwIBAgIUeBW6PUccODzyHRV/ev4mYPaRsOAwCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMdGVzdC5pbnZhbGlkMCAXDTI2MTEyMTA5NTAyMloYDzIxMjYx
        MDI4MDk1MDIyWjAXMRUwEwYDVQQDDAx0ZXN0LmludmFsaWQwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAARGtmQd/kNTINBeuO15IkutR9LwBlvdUdseav+d5WLap/HT
        OvtN6SRT0Y98wzVCHtZFyL0nvsHd4pl8COnxqaAqo1MwUTAdBgNVHQ4EFgQUQZ69
        ZC+UL+tw3C0BlnlBdc4YTcUwHwYDVR0jBBgwFoAUQZ69ZC+UL+tw3C0BlnlBdc4Y
        TcUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAl1DPJvPrSSPkc
        3wFaITmNDAFwDHKvplgR7LGsDbav/QIgPzda0j5YPK9BFiSwKF76sPpn1pBteIsa
        RLhk6Agn3yU=
        -----END CERTIFICATE-----
        """

    /// Its private key.
    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqSe0eZ2SsZCRPtqb
        nWfGusL6R6nLzORQDrVLZ3drM06hRANCAARGtmQd/kNTINBeuO15IkutR9LwBlvd
        Udseav+d5WLap/HTOvtN6SRT0Y98wzVCHtZFyL0nvsHd4pl8COnxqaAq
        -----END PRIVATE KEY-----
        """

    /// The private key of another one.
    package static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgc71VD+Y5B8lScYqF
        NFd6/NSS8WXT+L4fz2Sq5VgYNK2hRANCAARN1wqpS0UqGxlcjIr+C1PhWyRAC7rc
        HxKHteYlYf/Eq5B2ZI5KsDLMiIC2bKBHuAkmyYU6naYrpBtjwmAit/zf
        -----END PRIVATE KEY-----
        """
}
