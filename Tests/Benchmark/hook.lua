-- wrk's script: posts the body in a file, as webhooks are posted. Prints: requests, microseconds, errors, p50, p99.
local request_text = ""

function init(arguments)
    local file = io.open(arguments[1])
    request_text = wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, file:read("*a"))
    file:close()
end

function request()
    return request_text
end

function done(summary, latency)
    local failed = summary.errors
    io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout,
        latency:percentile(50), latency:percentile(99)))
end
