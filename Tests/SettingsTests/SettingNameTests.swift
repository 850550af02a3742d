import Testing

@testable import Settings

@Suite("Names that no setting has")
struct SettingNameTests {
    @Test(
        "a misspelled name leads to the setting",
        arguments: [
            ("INTERNAL_APY_KEY", "INTERNAL_API_KEY"), ("INTERNAL_APIKEY", "INTERNAL_API_KEY"), ("PROT", "PORT"), ("port", "PORT"),
            ("PORTS", "PORT"), ("webhook-secret", "WEBHOOK_SECRET"), ("WEBHOOK_SECRETS", "WEBHOOK_SECRET"),
            ("DATABASE_ULR", "DATABASE_URL"), ("RATE_LIMIT_WINDWO", "RATE_LIMIT_WINDOW"), ("LOGLEVEL", "LOG_LEVEL"),
        ])
    func near(name: String, meant: String) {
        #expect(SettingName.nearest(to: name) == meant)
    }

    @Test(
        "a name that resembles none leads nowhere",
        arguments: ["", "PATH", "HO", "API_KEY", "COMPOSE_PROJECT_NAME", "q8ZtL0wY2x1vKJr5mB3nD9sF", "INTERNAL_KEY"])
    func far(name: String) {
        #expect(SettingName.nearest(to: name) == nil)
    }

    @Test("every setting's own name leads to itself")
    func own() {
        for definition in SettingDefinition.all { #expect(SettingName.nearest(to: definition.name) == definition.name) }
    }
}
