/// Colours, if they are on.
package struct Style: Sendable {
    package var isOn: Bool

    package init(isOn: Bool) { self.isOn = isOn }

    package func bold(_ text: TerminalText) -> TerminalText { styled(text, "1") }
    package func dim(_ text: TerminalText) -> TerminalText { styled(text, "2") }
    package func red(_ text: TerminalText) -> TerminalText { styled(text, "31") }
    package func green(_ text: TerminalText) -> TerminalText { styled(text, "32") }
    package func yellow(_ text: TerminalText) -> TerminalText { styled(text, "33") }
    package func cyan(_ text: TerminalText) -> TerminalText { styled(text, "36") }

    private func styled(_ text: TerminalText, _ code: String) -> TerminalText { isOn ? text.styled(code) : text }
}
