/// What must not be in anything that is said or shown.
package enum Secret {
    /// What may stand where a password is: signs that mean something in a URL above all.
    package static func random(using random: inout some RandomNumberGenerator) -> String {
        let alphabet = Array("abcXYZ019-._~!$&'()*+,;=:@/?#[]%<>\"\\ {}|^`ü🔒")
        let characters = (0..<Int.random(in: 4...24, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? "a"
        }
        // So that it cannot be in a message by chance.
        return "Q" + String(characters) + "Q"
    }

    /// Everything that can be had of a value as text without asking for a particular property.
    package static func shown(_ value: Any) -> String {
        var text = "\(value) \(String(reflecting: value)) \(Mirror(reflecting: value).children.map(\.value))"
        dump(value, to: &text)
        return text
    }
}
