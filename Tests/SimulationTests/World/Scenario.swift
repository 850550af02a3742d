import SyncModel
import TestSupport

/// What is to happen in a simulated world: who submits what, and what goes wrong. Drawn from a seed, and made smaller where it fails.
struct Scenario: Sendable {
    struct User: Sendable, Hashable {
        var id: Int
        var email: Int
        /// The database refuses it.
        var isBad = false
    }

    struct Plan: Sendable {
        /// The tenant's number.
        var tenant: Int
        /// Milliseconds after the tenant's job before it was acknowledged.
        var pause: Int
        var users: [User]
        var batchSize: Int
        var hasURL: Bool
        /// Whoever submits it waits for its end.
        var waits = false
        /// How it arrives, if not at once.
        var request: Request?
    }

    enum Event: Sendable {
        case cancel(job: Int)
        case retryFailed(job: Int)
        /// A process ends between two steps, and starts again on what was committed.
        case kill(process: Int)
        /// It is asked to stop, and started again once it has.
        case stop(process: Int)
        /// The directory is away for so many milliseconds.
        case outage(Int)
        /// An operator makes two tenants one.
        case merge(tenant: Int, into: Int)
        /// An operator takes back the merges that can be.
        case cancelMerges
        /// A name no longer stands for another tenant.
        case forgetName(tenant: Int)
    }

    /// How often a call goes wrong, in a thousand.
    struct Faults: Sendable, Hashable {
        /// A call of the queue that fails without effect.
        var queueFails = 0
        /// A call of the queue that has its effect, though the answer is an error.
        var queueAnswerLost = 0
        var directoryFails = 0
        var directoryAnswerLost = 0
        /// A call whose caller loses patience, though it is carried out later.
        var givenUp = 0
        /// A call that takes seconds.
        var late = 0
        var webhookFails = 0
        /// A signal of the queue that is lost, comes twice or late.
        var signals = 0

        var areNone: Bool { self == Faults() }
    }

    enum Driver: String, Sendable, CaseIterable { case memory, sqlite }

    /// Draws the steps of the world.
    var seed: UInt64
    var driver = Driver.memory
    var workers: Int
    var batchesPerCommit: Int
    var smallJobsPerCommit: Int
    var tenantsPerCommit: Int
    /// Whether who writes to the queue may serve its line.
    var callerMayServe: Bool
    /// Users that each tenant's directory has from before.
    var knownUsers: Int
    var plans: [Plan]
    /// Milliseconds, and what happens then.
    var events: [(at: Int, what: Event)]
    var faults: Faults
    /// How destinations of webhooks behave, where they do not simply take what they are sent.
    var spells: [Spell] = []
    /// Processes that share the queue; more than one only where the driver allows that.
    var processes = 1
    /// How many seconds their machines' clocks are ahead.
    var clocksAhead: [Double] = [0]
    /// How long a lease lasts, in seconds.
    var leaseSeconds: Double
    /// How long ledger rows are kept after a job's end, in seconds: longer than a lease and a call of the directory.
    var ledgerMargin: Double { leaseSeconds + 120 }
    /// Whether it goes on until the ledger's rows have gone.
    var isLong: Bool { driver == .memory && seed % 8 == 0 }

    init(seed: UInt64, driver: Driver = .memory) {
        var random = SeededGenerator(seed: seed)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func chance(_ one: Int) -> Bool { number(1...one) == 1 }
        self.seed = seed
        self.driver = driver
        workers = number(1...4)
        batchesPerCommit = number(1...4)
        smallJobsPerCommit = [1, 4, 32][number(0...2)]
        tenantsPerCommit = [1, 4, 64][number(0...2)]
        callerMayServe = chance(2)
        knownUsers = [0, 3, 8][number(0...2)]
        let tenants = number(1...6)
        let isBusy = chance(2)
        plans = []
        for _ in 0..<number(1...14) {
            let isLarge = chance(8)
            let count = isLarge ? number(101...140) : chance(12) ? 0 : number(1...(chance(3) ? 8 : 2))
            var users = (0..<count).map { User(id: $0, email: $0) }
            // Somebody asks for another's address, and may or may not give up their own.
            for _ in 0..<(chance(2) ? number(0...3) : 0) where count > 0 {
                let one = number(0...(count - 1)), other = number(0...(count - 1))
                if chance(2) { (users[one].email, users[other].email) = (users[other].email, users[one].email) }
                if chance(4) { users[one].email = number(0...count) }
            }
            // An email stands once in a request: whoever asks for one that is taken is left out.
            var emails: Set<Int> = []
            users = users.filter { emails.insert($0.email).inserted }
            if !users.isEmpty, chance(5) { users[number(0...(users.count - 1))].isBad = true }
            plans.append(
                Plan(
                    tenant: number(0...(tenants - 1)), pause: isBusy ? 0 : number(0...(chance(4) ? 3_000 : 20)), users: users,
                    batchSize: isLarge ? 40 : [2, 100][number(0...1)], hasURL: !chance(4)))
        }
        var events: [(at: Int, what: Event)] = []
        let isCalm = chance(3)
        for _ in 0..<(isCalm ? 0 : number(0...5)) {
            let at = number(0...(isBusy ? 60 : 4_000))
            let job = number(0...(plans.count - 1))
            switch number(0...5) {
            case 0: events.append((at, .kill(process: job)))
            case 1: events.append((at, .stop(process: job)))
            case 2: events.append((at, .outage(number(1...9_000))))
            case 3: events.append((at, .retryFailed(job: job)))
            default: events.append((at, .cancel(job: job)))
            }
        }
        self.events = events.sorted { $0.at < $1.at }
        faults = Faults()
        // Drawn from a generator of its own: the scenarios of older seeds stay what they were.
        var others = SeededGenerator(seed: ~seed)
        for plan in plans.indices { plans[plan].waits = Int.random(in: 1...3, using: &others) == 1 }
        if driver == .memory { processes = number(1...3) }
        for _ in 1..<processes { clocksAhead.append(Double(number(-5_000...5_000)) / 1_000) }
        leaseSeconds = Double(number(2...15))
        drawRequests(&others)
        drawSpells()
        drawMerges()
        guard !isCalm else { return }
        if Int.random(in: 1...3, using: &others) == 1 { faults.signals = Int.random(in: 1...500, using: &others) }
        if chance(3) { faults.queueFails = number(1...60) }
        if chance(3) { faults.queueAnswerLost = number(1...60) }
        if chance(3) { faults.directoryFails = number(1...200) }
        if chance(3) { faults.directoryAnswerLost = number(1...200) }
        if chance(4) { faults.givenUp = number(1...200) }
        if chance(3) { faults.late = number(1...100) }
        if chance(3) { faults.webhookFails = number(1...500) }
    }
}

extension Scenario: CustomStringConvertible {
    var description: String {
        let jobs = plans.map { plan in
            let users = plan.users.map { "\($0.id)=\($0.email)\($0.isBad ? "!" : "")" }.joined(separator: " ")
            return "  tenant \(plan.tenant), after \(plan.pause) ms, batches of \(plan.batchSize)"
                + "\(plan.hasURL ? "" : ", no webhook")\(plan.waits ? ", waits" : "")"
                + "\(plan.request.map { ", \($0)" } ?? ""): \(users)"
        }
        return """
            \(driver) seed \(seed), \(workers) workers, \(batchesPerCommit) batches, \(smallJobsPerCommit) small jobs and \
            \(tenantsPerCommit) tenants a commit\(callerMayServe ? ", callers serve" : ""), \(knownUsers) known, \
            \(processes) processes, leases of \(leaseSeconds) s
            \(jobs.joined(separator: "\n"))
              events \(events.map { "\($0.at) ms \($0.what)" })
              \(spells)
              \(faults)
            """
    }
}

extension Scenario {
    /// The same with something left out, the largest pieces first.
    var smaller: [Scenario] {
        var found: [Scenario] = []
        func add(_ change: (inout Scenario) -> Void) {
            var copy = self
            change(&copy)
            found.append(copy)
        }
        for half in [plans.count / 2, plans.count / 4] where half > 0 {
            for start in stride(from: 0, to: plans.count, by: half) {
                add { $0.dropPlans(start..<min(start + half, plans.count)) }
            }
        }
        for plan in plans.indices where plans.count > 1 { add { $0.dropPlans(plan..<(plan + 1)) } }
        for event in events.indices { add { $0.events.remove(at: event) } }
        for spell in spells.indices { add { $0.spells.remove(at: spell) } }
        for fault in [
            \Faults.queueFails, \.queueAnswerLost, \.directoryFails, \.directoryAnswerLost, \.givenUp, \.late, \.webhookFails,
            \.signals,
        ] as [WritableKeyPath<Faults, Int> & Sendable] where faults[keyPath: fault] > 0 { add { $0.faults[keyPath: fault] = 0 } }
        for plan in plans.indices where plans[plan].users.count > 1 {
            let count = plans[plan].users.count
            add { $0.plans[plan].users.removeLast(count / 2) }
            if count <= 8 { for user in 0..<count { add { $0.plans[plan].users.remove(at: user) } } }
        }
        found += fewerRequests
        for plan in plans.indices where plans[plan].waits { add { $0.plans[plan].waits = false } }
        if workers > 1 { add { $0.workers -= 1 } }
        if processes > 1 { add { $0.processes -= 1 } }
        if plans.contains(where: { $0.pause > 0 }) { add { for plan in $0.plans.indices { $0.plans[plan].pause = 0 } } }
        return found
    }

    private mutating func dropPlans(_ range: Range<Int>) {
        plans.removeSubrange(range)
        events = events.compactMap { event in
            func moved(_ job: Int) -> Int? { range.contains(job) ? nil : job < range.lowerBound ? job : job - range.count }
            switch event.what {
            case .cancel(let job): return moved(job).map { (event.at, .cancel(job: $0)) }
            case .retryFailed(let job): return moved(job).map { (event.at, .retryFailed(job: $0)) }
            default: return event
            }
        }
    }
}
