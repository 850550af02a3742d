/// An element of a list that is answered page by page.
package protocol PageElement: JSONDocument {
    /// The member that holds the elements.
    static var listName: StaticString { get }
    /// The name of a page's schema.
    static var pageName: String { get }
}

/// One page of a list: `{"success":true,"jobs"|"results"|"deliveries":[…],"nextCursor":…|null}`.
package struct PageDocument<Element: PageElement>: JSONDocument {
    package var success = true
    package var items: [Element] = []
    /// `nil` on the last page.
    package var nextCursor: String?

    package init() {}

    package init(items: [Element], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    package mutating func members<Coder: MemberCoder>(_ coder: inout Coder) throws(Coder.Failure) {
        try coder.member("success", &success)
        try coder.required(Element.listName, &items)
        try coder.nullable("nextCursor", &nextCursor)
    }
}

extension PageDocument {
    package static var notes: DocumentNotes {
        DocumentNotes(
            Element.pageName, "",
            [
                "success": .constant(true),
                "nextCursor": "Pass it as `cursor` for the next page; null on the last.",
            ])
    }
}
