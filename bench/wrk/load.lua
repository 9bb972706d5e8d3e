-- The load of one row, for wrk.  Arguments after "--": work, sessions, messages per session, organization's key.
-- work: read | append | tail | append-bad (one request in a hundred is refused) | first (of the candidates); ids as in lib/data.py
-- SPDX-License-Identifier: Apache-2.0

local work, sessions, per_session, key
local count = 0
local append_headers = { ["Content-Type"] = "application/json" }
local text = "I started with the query plan, because the index existed and was still not used. The policy on the table "
    .. "turned a containment operator into a filter, so I moved it into a function that returns keys, and then I "
    .. "measured it again: twenty-four milliseconds became one and a half, on the same forty thousand rows."
local good = '{"role":"user","content":"' .. text .. '","metadata":{"topic":"databases","turn":12}}'
local bad = '{"role":"nobody","content":"' .. text .. '","metadata":{"topic":"databases","turn":12}}'

-- A request with one number left open: made once, since wrk.format() for every request would cost more than sending it.
local function template(method, path, headers, body)
    local whole = wrk.format(method, path, headers, body)
    local at = whole:find("@", 1, true)
    local before, after = whole:sub(1, at - 1), whole:sub(at + 1)

    return function(n) return before .. string.format("%011d", n) .. after end
end

local function any_session() return math.random(0, sessions - 1) end

local made = {}

local function make()
    local messages = "/v1/sessions/0198c000-0000-7000-8000-1@/messages"

    made.read = template("GET", "/v1/messages/0198c001-0000-7000-8000-1@")
    made.tail = template("GET", messages .. "?tail=20")
    made.good = template("POST", messages, append_headers, good)
    made.bad = template("POST", messages, append_headers, bad)
    made.first = wrk.format("GET", "/v1/candidates?limit=1")
end

local function append_bad()
    count = count + 1
    if count % 100 ~= 0 then return made.good(any_session()) end
    if count % 200 == 0 then return made.good(99999999) end         -- no such session: only the database knows
    return made.bad(any_session())
end

local works = {
    read = function() return made.read(math.random(0, sessions * per_session - 1)) end,
    tail = function() return made.tail(any_session()) end,
    append = function() return made.good(any_session()) end,
    ["append-bad"] = append_bad,
    first = function() return made.first end,
}

function init(args)
    work, sessions, per_session, key = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
    math.randomseed(os.time() + tonumber(args[5]))
    if key ~= "-" then
        wrk.headers["Authorization"] = "Bearer " .. key
        append_headers["Authorization"] = wrk.headers["Authorization"]
    end
    append_headers["Host"] = wrk.headers["Host"]
    make()
    request = works[work]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f,"max_us":%.0f}\n',
        summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
