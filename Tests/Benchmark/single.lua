-- wrk's script: syncs of single users by ten tenants, each a new user. Arguments: a word that begins the users' numbers, and a
-- file with the body, in which NUMBER and TENANT stand for the two. Prints: requests, microseconds, errors, p50, p99.
local count, word, body = 0, "", ""
local headers = { ["Content-Type"] = "application/json", ["X-Sync-Source"] = "wrapper" }

function init(arguments)
    word = arguments[1]
    local file = io.open(arguments[2])
    body = file:read("*a")
    file:close()
    headers["X-Internal-API-Key"] = os.getenv("INTERNAL_API_KEY")
end

function request()
    count = count + 1
    local tenant = "single-" .. count % 10
    headers["X-Tenant-ID"] = tenant
    return wrk.format("POST", nil, headers, (body:gsub("NUMBER", word .. count):gsub("TENANT", tenant)))
end

function done(summary, latency)
    local failed = summary.errors
    io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout,
        latency:percentile(50), latency:percentile(99)))
end
